export type Members = { [member: string]: unknown }

export { isRecord as isMembers } from '../../../schema/index.ts'

/**
 * An object that inherits nothing, whatever its members are called. It is a class because V8 keeps objects without a prototype as hash
 * tables: filling, iterating and serialising one takes twice the time.
 */
class Bare {
  [member: string]: unknown
}
Object.setPrototypeOf(Bare.prototype, null)
Reflect.deleteProperty(Bare.prototype, 'constructor')

export const newMembers = (): Members => new Bare()

/** The text of a scalar value. An empty text counts as no value. */
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
