import { isMembers } from '../../integration/members.ts'
import { DEEPEST, isPreviousName, tellsPrevious } from '../../map/previous.ts'

/**
 * Whether a record contains a possible previous value anywhere: only if there is none may an event state that the value is unknown. It
 * looks at members by the words of their names, and at texts such as `from 10 to 15`, in the languages of audited products.
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
