export type Members = { [member: string]: unknown }

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Nothing is inherited, whatever a member is called. Of a class, because V8 keeps objects without a prototype as hash tables: filling
 * one, going through it and writing it as JSON takes twice the time.
 */
class Bare {
  [member: string]: unknown
}
Object.setPrototypeOf(Bare.prototype, null)
Reflect.deleteProperty(Bare.prototype, 'constructor')

export const newMembers = (): Members => new Bare()

/** The text of a value that is a single one; an empty text is none. */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value === '' ? undefined : value
    case 'number':
    case 'boolean':
      return JSON.stringify(value)
    default:
      return undefined
  }
}
