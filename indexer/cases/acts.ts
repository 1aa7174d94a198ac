import type { Act } from '../ingest/index.ts'
import type { Case, Entry, Investigator } from './case.ts'

const SENTENCES = {
  opened: 'was opened',
  renamed: 'was renamed',
  described: 'was described anew',
  closed: 'was closed',
  reopened: 'was opened again',
  'handed-over': 'has another owner',
  shared: 'was shared with all who may investigate',
  unshared: 'was made private',
  pinned: 'has a new pin',
  unpinned: 'lost a pin',
  exported: 'was exported as a bundle',
  removed: 'was removed',
} as const satisfies Record<Entry['act'] | 'removed', string>

/**
 * An act on a case for the audit trail. More people read the trail than see a case: it never says what is pinned but for the id of an
 * event or alert, and a private case has no name there.
 */
export function actOf(
  one: Pick<Case, 'id' | 'name' | 'shared'>,
  act: keyof typeof SENTENCES,
  by: Investigator,
  payload: Act['payload'] = {},
): Act {
  const { name, address, channel } = by
  const named = one.shared ? `The case "${one.name}"` : `A private case`
  return {
    action: `case-${act}`,
    category: 'security',
    message: `${named} ${SENTENCES[act]}.`,
    outcome: 'success',
    by: { name, address, ...(channel !== undefined && { channel }) },
    entity: { type: 'case', id: one.id, ...(one.shared && { name: one.name }) },
    payload,
  }
}
