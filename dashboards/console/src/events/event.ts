/** An audit event as the API answers it, read without trusting its shape. */
export type Event = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at a field, such as `user.name`. */
export function at(event: Event, field: string): unknown {
  let value: unknown = event
  for (const member of field.split('.')) {
    if (!isMembers(value)) return undefined
    value = value[member]
  }
  return value
}

/** The same as one line of text; empty where there is nothing. */
export function text(event: Event, field: string): string {
  return inWords(at(event, field))
}

export function inWords(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(inWords).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export const idOf = (event: Event): string => text(event, 'event.id')
export const timeOf = (event: Event): number => Date.parse(text(event, '@timestamp'))

/** Who did it, for people; what has no user was done by the system itself. */
export const whoDid = (event: Event): string =>
  text(event, 'user.full_name') ||
  text(event, 'user.name') ||
  text(event, 'user.email') ||
  text(event, 'user.id') ||
  'System'

/** The message without the name that stands beside it. */
export function whatWasDone(event: Event): string {
  const message = text(event, 'message') || text(event, 'event.action')
  const who = whoDid(event)
  return message.startsWith(`${who} `) ? message.slice(who.length + 1) : message
}

export interface Change {
  readonly field: string
  readonly old: string | null
  readonly new: string | null
  /** The source did not say what was there before. */
  readonly oldUnknown: boolean
}

export function changesOf(event: Event): Change[] {
  const changes = at(event, 'audit.changes')
  if (!Array.isArray(changes)) return []
  const unknown = at(event, 'audit.old_unknown') === true
  return changes.filter(isMembers).map((one) => ({
    field: inWords(one.field),
    old: one.old === undefined || one.old === null ? null : inWords(one.old),
    new: one.new === undefined || one.new === null ? null : inWords(one.new),
    oldUnknown: one.old === undefined || (unknown && one.old === null),
  }))
}

export interface Leaf {
  readonly field: string
  readonly value: unknown
}

/** All fields of an event with their values, in order. */
export function leavesOf(event: Event, prefix = ''): Leaf[] {
  return Object.entries(event).flatMap(([name, value]) => {
    const field = prefix === '' ? name : `${prefix}.${name}`
    return isMembers(value) ? leavesOf(value, field) : [{ field, value }]
  })
}
