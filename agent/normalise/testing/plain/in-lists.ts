import { folded } from '../../integration/integration.ts'
import type { ListStep } from '../../integration/member-path.ts'
import { isMembers, type Members, scalarText } from '../../integration/members.ts'

/** Calls back for each value that the steps lead to, in the list's order, until one is enough. */
export function eachValue(
  value: unknown,
  steps: readonly ListStep[],
  isEnough: (value: unknown) => boolean,
  at = 0,
): boolean {
  const step = steps[at]
  if (step === undefined) return isEnough(value)
  if (step.items === undefined) {
    const member = isMembers(value) ? memberOf(value, step.member) : undefined
    return member !== undefined && eachValue(member, steps, isEnough, at + 1)
  }
  const { items } = step
  if (!Array.isArray(value)) return false
  return value.some(
    (item) => (items === 'all' || says(item, items)) && eachValue(item, steps, isEnough, at + 1),
  )
}

const says = (item: unknown, { member, text }: { readonly member: string; readonly text: string }): boolean =>
  isMembers(item) && folded(scalarText(memberOf(item, member)) ?? '') === text

/** If two members have the same name, the first counts. */
function memberOf(members: Members, fold: string): unknown {
  for (const key of Object.keys(members)) if (folded(key) === fold) return members[key]
  return undefined
}
