import type { Secret } from '../../../config/index.ts'
import { itemsIn } from '../json-parts.ts'
import { type Cursor, expectPage, nextLink, type Source } from './source.ts'

const PAGE = 100
/** Entries may appear this much later than others with a later time. */
const OVERLAP_MS = 10 * 60_000
/** The ids of the overlap that are remembered, so that each entry is fetched once as a rule. */
const MOST_SEEN = 5000

/** GitHub's audit log of an organisation or an enterprise, oldest first: pages to the end, then again from a little before it. */
export function githubSource(settings: {
  readonly url: string
  readonly owner: string
  readonly token: Secret
  readonly since: number | null
}): Source {
  const base = new URL(settings.url.endsWith('/') ? settings.url : `${settings.url}/`)
  const { owner, token } = settings
  return {
    from: base.host,
    page: async (before, ask, now) => {
      const cursor = cursorOf(before) ?? { since: settings.since ?? now, latest: 0, next: null, seen: [] }
      const first = new URL(`${owner}/audit-log`, base)
      first.searchParams.set('phrase', `created:>=${new Date(cursor.since).toISOString()}`)
      first.searchParams.set('include', 'all')
      first.searchParams.set('order', 'asc')
      first.searchParams.set('per_page', String(PAGE))
      const url = cursor.next === null ? first : new URL(cursor.next, base)
      const headers = {
        authorization: `Bearer ${token.reveal()}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      }
      const rights = 'Make a token with the right read:audit_log, of an owner.'
      const answer = expectPage(await ask(url, { headers }), { from: base.host, rights }, now)
      const seen = new Set(cursor.seen)
      const records: Buffer[] = []
      let { latest } = cursor
      for (const record of itemsIn(answer.body)) {
        const { id, time } = aboutOf(record)
        latest = Math.max(latest, time)
        if (id !== null && seen.has(id)) continue
        if (id !== null) seen.add(id)
        records.push(record)
      }
      const next = nextLink(answer.headers, base)
      const kept = { latest, seen: [...seen].slice(-MOST_SEEN) }
      if (next !== null)
        return { records, cursor: { ...kept, since: cursor.since, next: next.href }, more: true }
      const since = Math.max(cursor.since, latest - OVERLAP_MS)
      return { records, cursor: { ...kept, since, next: null }, more: false }
    },
  }
}

interface GithubCursor extends Cursor {
  readonly since: number
  readonly latest: number
  readonly next: string | null
  readonly seen: readonly string[]
}

const cursorOf = (cursor: Cursor | null): GithubCursor | null =>
  typeof cursor?.since === 'number' ? (cursor as GithubCursor) : null

function aboutOf(record: Buffer): { readonly id: string | null; readonly time: number } {
  try {
    const { _document_id: id, '@timestamp': time } = JSON.parse(record.toString('utf8')) as Record<
      string,
      unknown
    >
    return { id: typeof id === 'string' ? id : null, time: typeof time === 'number' ? time : 0 }
  } catch {
    return { id: null, time: 0 }
  }
}
