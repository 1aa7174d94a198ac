/**
 * JSON in the form of RFC 8785 (JCS): members sorted by UTF-16 code units, no white space, ECMAScript's numbers and string escapes. The
 * input must be I-JSON (RFC 7493): no NaN, no lone surrogate, no duplicate member.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError('a string with a lone surrogate has no canonical form')
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`)
      // The same text as from JSON.stringify, in half the time.
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object': {
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
      const members: string[] = []
      const record = value as Record<string, unknown>
      // Array.prototype.sort without a comparator sorts by UTF-16 code units, as RFC 8785 requires.
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

/**
 * Whether this text is the canonical form of the value that was parsed from it. V8 writes JSON several times as fast as `canonical`, with
 * the same result if all members are in order, as in an agent's lines.
 */
export function isCanonicalText(value: unknown, text: string): boolean {
  const written = isInOrder(value) ? JSON.stringify(value) : null
  // Half of a surrogate pair is written as an escape, and has no canonical form.
  if (written !== null && !written.includes('\\ud')) return written === text
  try {
    return canonical(value) === text
  } catch {
    return false
  }
}

function isInOrder(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isInOrder)
  const record = value as Record<string, unknown>
  let before = ''
  for (const key of Object.keys(record)) {
    if (key < before || !isInOrder(record[key])) return false
    before = key
  }
  return true
}
