/**
 * JSON as RFC 8785 (JCS) writes it: members sorted by UTF-16 code units, no white space, ECMAScript's numbers
 * and string escapes. Only I-JSON goes in (RFC 7493): no NaN, no lone surrogate, no duplicate member.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('a string with a lone surrogate has no canonical form')
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`)
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object': {
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
      const members: string[] = []
      const record = value as Record<string, unknown>
      // Array.prototype.sort without a comparator is by UTF-16 code units: RFC 8785's own order.
      for (const key of Object.keys(record).sort()) {
        const member = record[key]
        if (member === undefined) continue
        members.push(`${canonical(key)}:${canonical(member)}`)
      }
      return `{${members.join(',')}}`
    }
    default:
      throw new TypeError(`a ${typeof value} has no canonical form`)
  }
}
