import { type AuditEvent, FIELDS, valuesOf } from '../../schema/index.ts'
import type { Message } from '../../schema/rule.ts'
import { accountOf } from '../people/index.ts'
import { fullName, type NamedField, namedField } from '../query/index.ts'
import type { ParsedRule } from './rules.ts'

/** The names that a message may use besides fields. */
export const COUNTED = ['count', 'person'] as const

/** Fields by their names with underscores, and those of `audit` also without it: `user_name`, `record_count`. */
const UNDERSCORED: ReadonlyMap<string, string> = new Map(
  Object.keys(FIELDS).flatMap((name): [string, string][] => {
    const written = (path: string): [string, string] => [path.replace('@', '').replaceAll('.', '_'), name]
    return name.startsWith('audit.') ? [written(name), written(name.slice(6))] : [written(name)]
  }),
)

const fieldOf = (written: string): NamedField | undefined =>
  namedField(written) ?? namedField(UNDERSCORED.get(written) ?? '')

/** `{user.name} exported {record_count} records`; throws a sentence for a name that there is not. */
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
    const field = fieldOf(written)
    if (field === undefined)
      throw new Error(`{${written}} is not a field; name one of docs/fields.md, or {${COUNTED.join('}, {')}}`)
    parts.push({ name: fullName(field) })
  }
  if (end < text.length) parts.push(text.slice(end))
  return parts
}

const NOTHING = '?'

/** Fills in a message for an event. A field without a value becomes a question mark. */
export function worded(
  { message, persons }: Pick<ParsedRule, 'message' | 'persons'>,
  event: AuditEvent,
  count: number,
): string {
  return message
    .map((part) => {
      if (typeof part === 'string') return part
      if (part.name === 'count') return String(count)
      if (part.name === 'person') return (persons?.of(event) ?? accountOf(event)) || NOTHING
      return valuesOf(event, part.name).join(', ') || NOTHING
    })
    .join('')
}
