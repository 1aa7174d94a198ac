import type { Mapping } from '../integration/mapping.ts'
import { firstOf, holderOf } from '../integration/member-path.ts'
import type { Members } from '../integration/members.ts'
import { jsonIn } from './formats/json.ts'

/** Texts that an integration declares to hold JSON become what they hold. The members are changed in place: they were read for this. */
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
    // What is no JSON after all stays the text that it is.
    if (typeof text === 'string') holder[key] = jsonIn(text) ?? text
  }
}
