import { type AuditEvent, valuesOf } from '../../schema/index.ts'
import { fullName, namedField } from '../query/index.ts'

/** A template: fixed texts, and between them names of fields or of what the rule has counted. */
export type Message = readonly (string | { readonly name: string })[]

/** What a message may name beside fields. */
export const COUNTED = ['count'] as const

/** `{user.name} exported {audit.record_count} records`; throws a sentence for a name that there is not. */
export function parseMessage(text: string): Message {
  const parts: (string | { name: string })[] = []
  let end = 0
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    if (match.index > end) parts.push(text.slice(end, match.index))
    end = match.index + match[0].length
    const written = (match[1] ?? '').trim()
    if ((COUNTED as readonly string[]).includes(written)) {
      parts.push({ name: written })
      continue
    }
    const field = namedField(written)
    if (field === undefined)
      throw new Error(`{${written}} is no field; name one of docs/fields.md, or {${COUNTED.join('}, {')}}`)
    parts.push({ name: fullName(field) })
  }
  if (end < text.length) parts.push(text.slice(end))
  return parts
}

const NOTHING = '?'

/** What a message says of an event. A field without a value is a question mark. */
export function worded(message: Message, event: AuditEvent, count: number): string {
  return message
    .map((part) => {
      if (typeof part === 'string') return part
      if (part.name === 'count') return String(count)
      return valuesOf(event, part.name).join(', ') || NOTHING
    })
    .join('')
}
