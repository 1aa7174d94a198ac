import type { Secret } from '../../../config/index.ts'
import { itemsIn } from '../json-parts.ts'
import { expectPage, nextLink, type Source } from './source.ts'

const PAGE = 1000

/** Okta's System Log. The link to the next page is always there: it is where later events will be. */
export function oktaSource(settings: {
  readonly url: string
  readonly token: Secret
  readonly since: number | null
}): Source {
  const base = new URL(settings.url)
  return {
    from: base.host,
    page: async (cursor, ask, now) => {
      const first = new URL('/api/v1/logs', base)
      first.searchParams.set('since', new Date(settings.since ?? now).toISOString())
      first.searchParams.set('sortOrder', 'ASCENDING')
      first.searchParams.set('limit', String(PAGE))
      const url = typeof cursor?.next === 'string' ? new URL(cursor.next, base) : first
      const headers = { authorization: `SSWS ${settings.token.reveal()}`, accept: 'application/json' }
      const rights = 'Make an API token of an administrator who may read the System Log.'
      const answer = expectPage(await ask(url, { headers }), { from: base.host, rights }, now)
      const records = itemsIn(answer.body)
      const next = nextLink(answer.headers, base) ?? url
      return { records, cursor: { next: next.href }, more: records.length > 0 && next.href !== url.href }
    },
  }
}
