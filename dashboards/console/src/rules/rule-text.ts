import { isMap, isPair, isScalar, type Node, parseDocument, stringify, visit } from 'yaml'

/**
 * The text of a rule is the one state of its form: the form reads the values of the YAML, and a change of the form replaces the text of one
 * value. Comments, order and notation of everything else stay as they are.
 */

/** The top members of a rule's text; null while a form can't show it. */
export function valuesIn(text: string): Readonly<Record<string, unknown>> | null {
  const document = parseDocument(text, { logLevel: 'silent' })
  let hasAlias = false
  visit(document, {
    Alias() {
      hasAlias = true
    },
  })
  // What an alias repeats can't be changed in one place alone.
  if (document.errors.length > 0 || hasAlias || !isMap(document.contents)) return null
  const values: unknown = document.toJS()
  return isMembers(values) ? values : null
}

const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The text with another value for one of its top keys. */
export function withValue(text: string, key: string, value: unknown): string {
  const { contents } = parseDocument(text, { logLevel: 'silent' })
  const pair = isMap(contents)
    ? contents.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key)
    : undefined
  const node = pair?.value as Node | null | undefined
  const written = writtenOf(value, node)
  if (pair === undefined)
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${key}: ${written}\n`
  const [start, end] = node?.range ?? [text.length, text.length]
  const before = text.slice(0, start)
  // A block ends with the line, which stays.
  const blank = /\s*$/.exec(text.slice(start, end))?.[0] ?? ''
  return `${before}${before.endsWith(':') ? ' ' : ''}${written}${blank}${text.slice(end)}`
}

function writtenOf(value: unknown, before: Node | null | undefined): string {
  if (typeof value !== 'string') {
    const options = {
      collectionStyle: 'flow',
      lineWidth: 0,
      flowCollectionPadding: !Array.isArray(value),
    } as const
    return stringify(value, options).trim()
  }
  const wasQuoted = isScalar(before) && before.type === 'QUOTE_DOUBLE'
  // JSON's texts are YAML's, and take one line.
  return wasQuoted || value.includes('\n') || value === ''
    ? JSON.stringify(value)
    : stringify(value, { lineWidth: 0 }).trim()
}

/** The text of a new rule, for the events of a query. */
export const newRule = (query: string): string => `name: New rule
about: Each event of a search.
query: ${JSON.stringify(query)}
condition: event
priority: medium
channels: [in-app]
message: "{user.name}: {event.action}"
throttle: 1h
response: Find out who did it, and why.
`
