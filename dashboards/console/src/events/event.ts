/** An audit event as the API answers it, read without trusting its shape. */
export type Event = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value of a field, such as `user.name`. */
export function at(event: Event, field: string): unknown {
  let value: unknown = event
  for (const member of field.split('.')) {
    if (!isMembers(value)) return undefined
    value = value[member]
  }
  return value
}

/** Returns the value as one line of text, or ''. */
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

const firstOf = (event: Event, ...fields: readonly string[]): string =>
  fields.map((field) => text(event, field)).find((value) => value !== '') ?? ''

/** The acting user, as the record names them; empty if it names nobody. */
export const whoDid = (event: Event): string =>
  firstOf(event, 'user.full_name', 'user.name', 'user.email', 'user.id')

/** The account that a sign-in was tried with, where the record has it only as the one that the attempt was about. */
export function accountTried(event: Event): string {
  const categories = at(event, 'event.category')
  const isSignIn = Array.isArray(categories)
    ? categories.includes('authentication')
    : categories === 'authentication'
  if (!isSignIn || whoDid(event) !== '') return ''
  return firstOf(event, 'user.target.name', 'user.target.email', 'user.target.id')
}

/** Shown if nobody is named: to name the system itself would be a guess. */
export const NO_USER = 'no user given'

/** Both in words. */
export function inShortWho(event: Event): string {
  const tried = accountTried(event)
  return whoDid(event) || (tried === '' ? NO_USER : `tried ${tried}`)
}

/** The message without the name that is beside it. */
export function whatWasDone(event: Event): string {
  const message = text(event, 'message') || text(event, 'event.action')
  const who = whoDid(event)
  return who !== '' && message.startsWith(`${who} `) ? message.slice(who.length + 1) : message
}

export interface Change {
  readonly field: string
  readonly old: string | null
  readonly new: string | null
  /** The source did not give the previous value. */
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

/** Lists all fields of an event with their values, in order. */
export function leavesOf(event: Event, prefix = ''): Leaf[] {
  return Object.entries(event).flatMap(([name, value]) => {
    const field = prefix === '' ? name : `${prefix}.${name}`
    return isMembers(value) ? leavesOf(value, field) : [{ field, value }]
  })
}
