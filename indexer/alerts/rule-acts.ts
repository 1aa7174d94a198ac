import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import { type Change, isRecord } from '../../schema/index.ts'
import type { Act } from '../ingest/index.ts'

/** What the audit trail says of changes to rules. */

/** Longer values are cut: the history of the rule has the whole text. */
const LONGEST = 1000

/** A rule's text is new, changed, or gone. */
export function rewritten(
  { id, name }: { readonly id: string; readonly name: string },
  old: string | null,
  now: string | null,
  by: Act['by'],
): Act {
  const [action, did] =
    old === null
      ? ['rule-create', 'created']
      : now === null
        ? ['rule-remove', 'removed']
        : ['rule-change', 'changed']
  return {
    action,
    category: 'security',
    message: `The alert rule ${id} (${name}) was ${did}.`,
    outcome: 'success',
    by,
    entity: { type: 'alert-rule', id, name },
    changes: changesBetween(old, now),
  }
}

export const switched = (id: string, name: string, enabled: boolean, by: Act['by']): Act => ({
  action: enabled ? 'rule-enable' : 'rule-disable',
  category: 'security',
  message: `The alert rule ${id} (${name}) was switched ${enabled ? 'on' : 'off'}.`,
  outcome: 'success',
  by,
  entity: { type: 'alert-rule', id, name },
  changes: [{ field: 'enabled', old: String(!enabled), new: String(enabled) }],
})

/** The keys of the YAML whose values differ; the whole texts if one of them is not readable, or only comments differ. */
function changesBetween(old: string | null, now: string | null): Change[] {
  const [before, after] = [keysOf(old), keysOf(now)]
  const names =
    before === null || after === null ? [] : new Set([...Object.keys(before), ...Object.keys(after)])
  const changes = [...names].flatMap((field) => {
    const [was, is] = [before?.[field], after?.[field]]
    return isDeepStrictEqual(was, is) ? [] : [{ field, old: shortly(was), new: shortly(is) }]
  })
  if (changes.length > 0) return changes
  return [{ field: 'text', old: shortly(old ?? undefined), new: shortly(now ?? undefined) }]
}

/** The members of a text; none for no text; null if it is not readable. */
function keysOf(text: string | null): Record<string, unknown> | null {
  if (text === null) return {}
  try {
    const found: unknown = parse(text)
    return isRecord(found) ? found : null
  } catch {
    // An earlier version may have accepted it; the changes then have both texts.
    return null
  }
}

function shortly(value: unknown): string | null {
  if (value === undefined) return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}
