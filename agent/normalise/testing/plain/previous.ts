import { isMembers } from '../../integration/members.ts'
import { DEEPEST, isPreviousName, tellsPrevious } from '../../map/previous.ts'

/**
 * Whether a record holds what may be a previous value, wherever it stands: only where it holds none may an event say that the value is
 * unknown. RecordRows are members by the words of their names, and texts such as `from 10 to 15`, in the languages that audited products ship.
 */
export function mayHoldPrevious(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return tellsPrevious(value)
  if (depth === DEEPEST) return false
  if (Array.isArray(value)) return value.some((one) => mayHoldPrevious(one, depth + 1))
  if (!isMembers(value)) return false
  for (const name of Object.keys(value)) {
    const member = value[name]
    if (isEmpty(member)) continue
    if (isPreviousName(name) || mayHoldPrevious(member, depth + 1)) return true
  }
  return false
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isMembers(value) && Object.keys(value).length === 0)
