import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Client } from '@elastic/elasticsearch'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { CancelledError } from '../port.ts'
import { aggregated } from './aggregate/index.ts'
import { connect } from './client.ts'
import { asking } from './failures.ts'
import { namesFor } from './names.ts'
import { searchPage } from './search.ts'

/** A cluster that takes for ever to search. */
let server: Server
let client: Client
/** The requests, and those that the client cut. */
let asked: string[]
let begun: PromiseWithResolvers<void>
let cut: PromiseWithResolvers<void>

beforeEach(async () => {
  asked = []
  begun = Promise.withResolvers()
  cut = Promise.withResolvers()
  server = createServer((request, response) => {
    const what = `${request.method} ${request.url?.split('?')[0]}`
    asked.push(what)
    response.setHeader('x-elastic-product', 'Elasticsearch')
    if (what.endsWith('_search')) {
      response.once('close', cut.resolve)
      begun.resolve()
      return
    }
    response.setHeader('content-type', 'application/vnd.elasticsearch+json; compatible-with=8')
    response.end(JSON.stringify({ id: 'a-moment', succeeded: true, num_freed: 1 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  client = connect({ nodes: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] })
})
afterEach(async () => {
  await client.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const QUERY = { kind: 'all' } as const
const names = namesFor('default')

/** Goes away once the cluster searches; resolves when the cluster notices. */
async function goneFrom(ask: (gone: AbortSignal) => Promise<unknown>): Promise<void> {
  const gone = new AbortController()
  const answer = asking(() => ask(gone.signal))
  const refused = expect(answer).rejects.toBeInstanceOf(CancelledError)
  await begun.promise
  gone.abort()
  await refused
  await cut.promise
}

it('a search that nobody waits for any more is cut off in the cluster', async () => {
  await goneFrom((gone) =>
    searchPage(
      { query: QUERY, order: 'newest', limit: 10 },
      { client, names, pageTime: 250, now: () => 0, gone },
    ),
  )
})

it('so is a count, and the moment that was kept for it is let go of', async () => {
  await goneFrom((gone) => aggregated({ query: QUERY, by: [] }, { client, names, now: () => 0, gone }))
  expect(asked.at(0)).toMatch(/^POST .*_pit$/)
  expect(asked.at(-1)).toBe('DELETE /_pit')
})
