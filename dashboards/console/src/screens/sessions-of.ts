import { at, type Event, text, timeOf } from '../events/event.ts'

export interface Sessions {
  readonly count: number
  readonly failed: number
  /** Of the sessions that have both ends; null where none has. */
  readonly average: number | null
}

/** What sign-ins and sign-outs say of sessions; the events of one user, oldest first. */
export function sessionsOf(events: readonly Event[]): Sessions {
  const open = new Map<string, number>()
  const lengths: number[] = []
  let count = 0
  let failed = 0
  for (const event of events) {
    const types = at(event, 'event.type')
    const has = (type: string): boolean => (Array.isArray(types) ? types.includes(type) : types === type)
    const session = `${text(event, 'event.module')} ${text(event, 'audit.session.id')}`
    if (text(event, 'event.outcome') === 'failure') failed++
    else if (has('start')) {
      count++
      open.set(session, timeOf(event))
    } else if (has('end')) {
      const since = open.get(session)
      if (since === undefined) continue
      lengths.push(timeOf(event) - since)
      open.delete(session)
    }
  }
  const sum = lengths.reduce((total, length) => total + length, 0)
  return { count, failed, average: lengths.length === 0 ? null : sum / lengths.length }
}
