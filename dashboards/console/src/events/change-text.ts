import { type Change, changesOf, type Event } from './event.ts'

/** A longer value is cut off: the list shows a line, and the entry the whole. */
const LONGEST = 300

/** The real changes: fields that a source lists with an unchanged value are left out, unless it lists nothing else. */
export function realChanges(event: Event): Change[] {
  const changes = changesOf(event)
  const real = changes.filter((change) => change.oldUnknown || change.old !== change.new)
  return real.length > 0 ? real : changes
}

/** `Credit Limit $15,500 → $13,000, +2`; empty if the event has no changes. */
export function changeText(event: Event): string {
  const [first, ...others] = realChanges(event)
  if (first === undefined) return ''
  return `${first.field} ${beforeOf(first)} → ${afterOf(first)}${others.length === 0 ? '' : `, +${others.length}`}`
}

export const beforeOf = ({ old, oldUnknown }: Change): string =>
  oldUnknown ? '(not recorded)' : old === null ? '(empty)' : cut(old)
export const afterOf = (change: Change): string => (change.new === null ? '(empty)' : cut(change.new))

const cut = (value: string): string => {
  const line = value.replaceAll(/\s+/g, ' ')
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)} …`
}
