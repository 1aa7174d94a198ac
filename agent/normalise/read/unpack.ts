import type { Mapping } from '../integration/mapping.ts'
import { firstOf, holderOf } from '../integration/member-path.ts'
import type { Members } from '../integration/members.ts'
import { jsonIn } from './formats/json.ts'

/** Replaces the texts that an integration declares as JSON by their content. The members are changed in place: they were read for this. */
export function unpack(
  record: Members,
  { integration, names }: Pick<Mapping, 'integration' | 'names'>,
): void {
  for (const name of integration.unpack) {
    const path = firstOf(record, names.pathsOf(name))
    const found = path === null ? null : holderOf(record, path)
    if (found === null) continue
    const { holder, key } = found
    const text = holder[key]
    // A text that is not JSON stays as it is.
    if (typeof text === 'string') holder[key] = jsonIn(text) ?? text
  }
}
