import { at, type Event, text, timeOf } from '../events/event.ts'

/**
 * The average length of sessions, by the sign-ins and sign-outs of one user, oldest first. Only sessions with both ends count; null if
 * there are none.
 */
export function averageSession(events: readonly Event[]): number | null {
  const open = new Map<string, number>()
  const lengths: number[] = []
  for (const event of events) {
    const types = at(event, 'event.type')
    const has = (type: string): boolean => (Array.isArray(types) ? types.includes(type) : types === type)
    const session = `${text(event, 'event.module')} ${text(event, 'audit.session.id')}`
    if (text(event, 'event.outcome') === 'failure') continue
    if (has('start')) open.set(session, timeOf(event))
    else if (has('end')) {
      const since = open.get(session)
      if (since === undefined) continue
      lengths.push(timeOf(event) - since)
      open.delete(session)
    }
  }
  return lengths.length === 0 ? null : lengths.reduce((total, length) => total + length, 0) / lengths.length
}
