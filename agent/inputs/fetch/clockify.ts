import type { Secret } from '../../../config/index.ts'
import { itemsIn, valueIn } from '../json-parts.ts'
import { expectPage, type Source } from './source.ts'

const PAGE = 50
const DAY_MS = 86_400_000
/** Clockify reports 30 days at most. */
const MOST_DAYS = 30
/** Entries of the last minutes may still be missing. */
const SETTLED_MS = 5 * 60_000

const kinds = (thing: string, ...names: string[]): string[] => names.map((name) => name.replace('*', thing))
/** Every action of the audit log; the API wants them named. */
const ACTIONS: readonly string[] = [
  ...kinds(
    'TIME',
    'CREATE_*_PERSONAL_TIMER',
    'CREATE_*_PERSONAL_MANUAL',
    'CREATE_*_IMPORT',
    'CREATE_*_KIOSK',
  ),
  ...kinds('TIME', 'CREATE_*_FOR_OTHER', 'RESTORE_*', 'RESTORE_*_FOR_OTHER', 'UPDATE_*_PERSONAL'),
  ...kinds('TIME', 'UPDATE_*_FOR_OTHER', 'DELETE_*_PERSONAL', 'DELETE_*_FOR_OTHER'),
  ...kinds('PROJECT', 'CREATE_*', 'CREATE_*_IMPORT', 'CREATE_*_QUICKBOOKS', 'UPDATE_*', 'DELETE_*'),
  ...kinds('TASK', 'CREATE_*', 'CREATE_*_IMPORT', 'UPDATE_*', 'DELETE_*'),
  ...kinds('CLIENT', 'CREATE_*', 'CREATE_*_IMPORT', 'CREATE_*_QUICKBOOKS', 'UPDATE_*', 'DELETE_*'),
  ...kinds('TAG', 'CREATE_*', 'CREATE_*_IMPORT', 'UPDATE_*', 'DELETE_*'),
  ...kinds('EXPENSE', 'CREATE_*', 'CREATE_*_FOR_OTHER', 'RESTORE_*', 'RESTORE_*_FOR_OTHER', 'UPDATE_*'),
  ...kinds('EXPENSE', 'UPDATE_*_FOR_OTHER', 'DELETE_*', 'DELETE_*_FOR_OTHER'),
]

/** Clockify's audit report: windows of time that are over, each page by page. */
export function clockifySource(settings: {
  readonly url: string
  readonly workspace: string
  readonly token: Secret
  readonly since: number | null
}): Source {
  const base = new URL(settings.url)
  const url = new URL(`/v1/workspaces/${encodeURIComponent(settings.workspace)}/audit-log`, base)
  return {
    from: base.host,
    page: async (cursor, ask, now) => {
      const from = whole(typeof cursor?.from === 'number' ? cursor.from : (settings.since ?? now))
      const settled = whole(now - SETTLED_MS)
      const to =
        typeof cursor?.to === 'number' ? cursor.to : Math.min(settled, from + MOST_DAYS * DAY_MS - 1000)
      if (to < from) return { records: [], cursor: { from }, more: false }
      const page = typeof cursor?.page === 'number' ? cursor.page : 1
      const body = JSON.stringify({
        actions: ACTIONS,
        authors: { authorIds: [], contains: 'DOES_NOT_CONTAIN' },
        start: textOf(from),
        end: textOf(to),
        page,
        'page-size': PAGE,
      })
      const headers = { 'x-api-key': settings.token.reveal(), 'content-type': 'application/json' }
      const rights =
        'Make an API key of an owner or admin of the workspace, and name the workspace by its id.'
      const asked = { method: 'POST' as const, headers, body }
      const answer = expectPage(await ask(url, asked), { from: base.host, rights }, now)
      const list = valueIn(answer.body, ['response']) ?? answer.body
      const records = itemsIn(list)
      if (records.length === PAGE) return { records, cursor: { from, to, page: page + 1 }, more: true }
      return { records, cursor: { from: to + 1000 }, more: to < settled }
    },
  }
}

/** Times have whole seconds there. */
const whole = (time: number): number => Math.floor(time / 1000) * 1000
const textOf = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
