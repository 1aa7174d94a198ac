import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../../config/index.ts'
import { signed } from '../../../s3/index.ts'
import { storedIn } from '../http/testing/stage.ts'
import { type Places, Reception, type ReceptionStatus } from '../reception.ts'
import { KEY, temporaryFolder } from '../syslog/testing/stage.ts'
import { clockifySource, cloudTrailSource, githubSource, oktaSource, type Source } from './index.ts'

const TOKEN = new Secret('the-token')
const SINCE = Date.UTC(2026, 0, 1)

type Handler = (request: IncomingMessage, url: URL, body: string, response: ServerResponse) => void

/** A server on loopback that answers as a test says; it keeps what was asked. */
async function serve(handle: Handler): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => {
      body += piece.toString()
    })
    request.on('end', () => {
      asked.push(`${request.url}${body === '' ? '' : ` ${body}`}`)
      const url = new URL(request.url ?? '', `http://${request.headers.host}`)
      handle(request, url, body, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

/** The places of fetchers, as the agent's state keeps them; a write may fail as if the agent were killed. */
class Table implements Places {
  readonly values = new Map<string, unknown>()
  failing = 0

  get<Value>(key: string): Value | undefined {
    return this.values.get(key) as Value | undefined
  }

  async write(changes: readonly { readonly key: string; readonly value: unknown }[]): Promise<void> {
    if (this.failing-- > 0) throw new Error('killed')
    for (const { key, value } of changes) this.values.set(key, structuredClone(value))
  }
}

interface Running {
  readonly texts: () => string[]
  readonly status: () => ReceptionStatus['fetchers'][number]
  readonly reception: Reception
  readonly until: (what: string, look: () => boolean) => Promise<void>
}

async function run(
  source: Source,
  places: Places,
  folder = temporaryFolder(),
  kind = 'test',
): Promise<Running> {
  const note = (): void => {}
  const reception = await Reception.open(
    { folder, key: KEY, limit: 64 * 1024 * 1024, syncEvery: 1 },
    {
      clock: Date.now,
      random: randomBytes,
      log: { info: note, warn: note, error: note },
      acknowledged: () => new Map(),
      written: () => {},
    },
  )
  onTestFinished(() => reception.close())
  await reception.fetch([{ name: 'one', kind, every: 20, source }], places)
  return {
    reception,
    texts: () => storedIn(folder).map(({ text }) => text),
    status: () => reception.status().fetchers[0]!,
    until: async (what, look) => {
      const end = performance.now() + 20_000
      while (!look()) {
        if (performance.now() > end) throw new Error(`not within 20 s: ${what}`)
        await pause(5)
      }
    },
  }
}

describe("Okta's System Log", () => {
  /** The published API: pages in order, with a link to the next one, which is there even when there is nothing new. */
  async function okta(events: object[], page = 2) {
    let limited = 1
    const server = await serve((request, url, _, response) => {
      if (request.headers.authorization !== 'SSWS the-token')
        return void response.writeHead(401).end('{"errorCode":"E0000011"}')
      if (limited-- > 0) {
        const reset = String(Math.floor(Date.now() / 1000))
        return void response.writeHead(429, { 'x-rate-limit-reset': reset }).end('{}')
      }
      const from = Number(url.searchParams.get('after') ?? 0)
      const found = events.slice(from, from + page)
      const next = new URL(url)
      next.searchParams.set('after', String(from + found.length))
      const self = `<${url.href}>; rel="self"`
      json(response, found, { link: `${self}, <${next.href}>; rel="next"` })
    })
    return { ...server, source: oktaSource({ url: server.url, token: TOKEN, since: SINCE }) }
  }

  const event = (n: number): object => ({ uuid: `u${n}`, n })
  const textOf = (n: number): string => JSON.stringify(event(n))

  it('is fetched page by page, within its limits, and again from where it ended', async () => {
    const events = [0, 1, 2, 3, 4].map(event)
    const { source, asked } = await okta(events)
    const places = new Table()
    const first = await run(source, places)
    await first.until('all are there', () => first.texts().length === 5)
    expect(first.texts()).toEqual([0, 1, 2, 3, 4].map(textOf))
    expect(asked[0]).toBe('/api/v1/logs?since=2026-01-01T00%3A00%3A00.000Z&sortOrder=ASCENDING&limit=1000')
    events.push(event(5))
    await first.until('the new one is there', () => first.texts().length === 6)
    await first.until('it is counted', () => first.status().records === 6)
    expect(first.status()).toMatchObject({ name: 'one', problem: null })
    await first.reception.close()
    events.push(event(6))
    const again = await run(source, places)
    await again.until('the next is there', () => again.texts().length === 1)
    expect(again.texts()).toEqual([textOf(6)])
  })

  it('loses nothing when the agent is killed between the journal and the cursor: a page is fetched twice', async () => {
    const { source } = await okta([0, 1, 2].map(event))
    const places = new Table()
    places.failing = 1
    const killed = await run(source, places)
    await killed.until('the first page is in the journal', () => killed.texts().length >= 2)
    await killed.until('its cursor was not written', () => killed.status().problem !== null)
    await killed.reception.close()
    expect(places.values.size).toBe(0)
    const again = await run(source, places)
    await again.until('all are there', () => again.texts().length === 3)
    expect([...new Set([...killed.texts(), ...again.texts()])]).toEqual([0, 1, 2].map(textOf))
  })

  it('with a wrong token says so with the remedy, and does not tell the token', async () => {
    const { url } = await okta([])
    const source = oktaSource({ url, token: new Secret('mallory-token'), since: SINCE })
    const running = await run(source, new Table())
    await running.until('it is said', () => running.status().problem !== null)
    expect(running.status().problem).toMatch(/answers 401: the token is wrong.*Make an API token/)
    expect(JSON.stringify(running.reception.status())).not.toContain('mallory')
  })

  it('does not follow a link to another server', async () => {
    const other = await serve((_, __, ___, response) => json(response, [event(9)]))
    const { url } = await serve((_, __, ___, response) =>
      json(response, [event(0)], { link: `<${other.url}/api/v1/logs>; rel="next"` }),
    )
    const running = await run(oktaSource({ url, token: TOKEN, since: SINCE }), new Table())
    await running.until('it is there', () => running.texts().length > 0)
    await pause(100)
    expect(other.asked).toEqual([])
  })
})

describe("GitHub's audit log", () => {
  const entry = (n: number): Record<string, unknown> => ({
    _document_id: `d${n}`,
    '@timestamp': SINCE + n * 60_000,
    action: 'repo.create',
  })

  /** The published API: entries from a time on, oldest first, a link to the next page only if there is one. */
  async function github(entries: Record<string, unknown>[]) {
    let remaining = 2
    return await serve((request, url, _, response) => {
      if (request.headers.authorization !== 'Bearer the-token') return void response.writeHead(404).end('{}')
      if (url.pathname !== '/orgs/acme/audit-log') return void response.writeHead(404).end('{}')
      if (remaining-- === 0) {
        const limits = {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-reset': String(Math.floor(Date.now() / 1000)),
        }
        return void response.writeHead(403, limits).end('{}')
      }
      const since = Date.parse((url.searchParams.get('phrase') ?? '').slice('created:>='.length))
      const found = entries
        .filter((one) => Number(one['@timestamp']) >= since)
        .sort((a, b) => Number(a['@timestamp']) - Number(b['@timestamp']))
      const from = Number(url.searchParams.get('after') ?? 0)
      const next = new URL(url)
      next.searchParams.set('after', String(from + 3))
      json(
        response,
        found.slice(from, from + 3),
        from + 3 < found.length ? { link: `<${next.href}>; rel="next"` } : {},
      )
    })
  }

  it('is fetched page by page, within its limits; what appears late is fetched, and nothing twice', async () => {
    const entries = [0, 1, 2, 3, 4, 5, 6, 8].map(entry)
    const { url } = await github(entries)
    const source = githubSource({ url, owner: 'orgs/acme', token: TOKEN, since: SINCE })
    const places = new Table()
    const running = await run(source, places)
    await running.until('all are there', () => running.texts().length === 8)
    // An entry that GitHub shows later than one with a later time.
    entries.push(entry(7))
    entries.push(entry(9))
    await running.until('both are there', () => running.texts().length === 10)
    await pause(100)
    const ids = running.texts().map((text) => (JSON.parse(text) as { _document_id: string })._document_id)
    expect(ids.slice().sort()).toEqual([...new Set(ids)].sort())
    expect(ids).toHaveLength(10)
    await running.reception.close()
    entries.push(entry(10))
    const again = await run(source, places)
    await again.until('the next is there', () => again.texts().length === 1)
    expect(again.texts()).toEqual([JSON.stringify(entry(10))])
  })
})

describe("Clockify's audit report", () => {
  it('is fetched by windows of 30 days, page by page, up to a few minutes ago', async () => {
    const entries = Array.from({ length: 120 }, (_, n) => ({
      action: 'UPDATE_TIME_FOR_OTHER',
      timestamp: new Date(SINCE + n * 3_600_000).toISOString(),
      content: `{"n":${n}}`,
    }))
    const recent = { action: 'CREATE_TAG', timestamp: new Date(Date.now() - 1000).toISOString() }
    const windows: number[] = []
    const { url } = await serve((request, path, body, response) => {
      if (request.headers['x-api-key'] !== 'the-token' || path.pathname !== '/v1/workspaces/w1/audit-log')
        return void response.writeHead(401).end('{}')
      const asked = JSON.parse(body) as {
        actions: string[]
        authors: { authorIds: string[]; contains: string }
        start: string
        end: string
        page: number
        'page-size': number
      }
      const [start, end] = [Date.parse(asked.start), Date.parse(asked.end)]
      const isValid =
        new Set(asked.actions).size === 37 &&
        asked.authors.contains === 'DOES_NOT_CONTAIN' &&
        asked['page-size'] <= 50 &&
        end - start <= 30 * 86_400_000 &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(asked.start)
      if (!isValid) return void response.writeHead(400).end('{"message":"bad request"}')
      windows.push(start)
      const found = [...entries, recent].filter(({ timestamp }) => {
        const time = Math.floor(Date.parse(timestamp) / 1000) * 1000
        return time >= start && time <= end
      })
      json(response, { response: found.slice((asked.page - 1) * 50, asked.page * 50) })
    })
    const source = clockifySource({ url, workspace: 'w1', token: TOKEN, since: SINCE })
    const running = await run(source, new Table())
    await running.until(
      'it has come to the present',
      () => running.status().fetched !== null && running.status().next !== null,
    )
    expect(running.texts()).toEqual(entries.map((one) => JSON.stringify(one)))
    expect(running.status().problem).toBeNull()
    // The windows follow each other, each a second behind the one before.
    const starts = [...new Set(windows)]
    expect(starts.slice(1, 3)).toEqual([SINCE + 30 * 86_400_000, SINCE + 60 * 86_400_000])
  })
})

describe('the files of a trail of CloudTrail', () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI', sessionToken: null }
  const PREFIX = 'AWSLogs/123/CloudTrail/'
  const keyOf = (region: string, minute: number, name = 'x'): string =>
    `${PREFIX}${region}/2026/01/02/123_CloudTrail_${region}_20260102T${String(Math.floor(minute / 60)).padStart(2, '0')}${String(minute % 60).padStart(2, '0')}Z_${name}.json.gz`
  const record = (id: string): string => `{"eventID":"${id}", "n":1.0}`
  const fileOf = (...ids: string[]): Buffer => gzipSync(`{"Records":[${ids.map(record).join(',')}]}`)

  /** As much of S3 as is asked: signed requests, lists in pages of the greatest size, folders by a delimiter. */
  async function bucket(objects: Map<string, Buffer>) {
    return await serve((request, url, _, response) => {
      const time = String(request.headers['x-amz-date'])
      const now = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
      const digest = String(request.headers['x-amz-content-sha256'])
      const unsigned = { method: 'GET', url, headers: {}, digest }
      const expected = signed(unsigned, credentials, { region: 'eu-west-1', service: 's3', now })
      if (request.headers.authorization !== expected.authorization)
        return void response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
      const key = decodeURIComponent(url.pathname.slice('/trail-bucket/'.length))
      if (key !== '') {
        const found = objects.get(key)
        if (found === undefined) response.writeHead(404).end()
        else response.writeHead(200).end(found)
        return
      }
      const prefix = url.searchParams.get('prefix') ?? ''
      const after = url.searchParams.get('start-after') ?? ''
      const names = [...objects.keys()].sort().filter((name) => name.startsWith(prefix) && name > after)
      const xml =
        url.searchParams.get('delimiter') === '/'
          ? [...new Set(names.map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1)))]
              .map((one) => `<CommonPrefixes><Prefix>${one}</Prefix></CommonPrefixes>`)
              .join('')
          : names
              .slice(0, Number(url.searchParams.get('max-keys')))
              .map((name) => `<Contents><Key>${name}</Key></Contents>`)
              .join('')
      response.writeHead(200).end(`<ListBucketResult>${xml}</ListBucketResult>`)
    })
  }

  const sourceAt = (url: string): Source =>
    cloudTrailSource({
      ...{
        bucket: 'trail-bucket',
        prefix: PREFIX,
        region: 'eu-west-1',
        endpoint: url,
        since: Date.UTC(2026, 0, 2),
      },
      accessKeyId: new Secret(credentials.accessKeyId),
      secretAccessKey: new Secret(credentials.secretAccessKey),
      sessionToken: null,
    })
  const idsIn = (texts: readonly string[]): string[] =>
    texts.map((text) => (JSON.parse(text) as { eventID: string }).eventID).sort()

  it('are read once each, in all regions, byte for byte, also those that are written late', async () => {
    const objects = new Map<string, Buffer>()
    const ids: string[] = []
    const put = (key: string, id: string): void => {
      objects.set(key, fileOf(`${id}-a`, `${id}-b`))
      ids.push(`${id}-a`, `${id}-b`)
    }
    for (let minute = 0; minute < 300; minute++) put(keyOf('eu-west-1', minute), `eu-${minute}`)
    for (let minute = 0; minute < 5; minute++) put(keyOf('us-east-1', minute), `us-${minute}`)
    objects.set(
      `${PREFIX}eu-west-1/2025/12/31/123_CloudTrail_eu-west-1_20251231T2355Z_x.json.gz`,
      fileOf('before'),
    )
    const { url } = await bucket(objects)
    const places = new Table()
    const running = await run(sourceAt(url), places)
    await running.until('all are there', () => running.texts().length === ids.length)
    expect(running.texts()[0]).toBe(record('eu-0-a'))
    put(keyOf('eu-west-1', 250, 'late'), 'late')
    put(keyOf('ap-south-1', 7), 'new-region')
    await running.until('the late ones are there', () => running.texts().length === ids.length)
    expect(idsIn(running.texts())).toEqual(ids.slice().sort())
    await running.reception.close()
    put(keyOf('eu-west-1', 400), 'next')
    const again = await run(sourceAt(url), places)
    await again.until('the next is there', () => again.texts().length === 2)
    await pause(100)
    expect(idsIn(again.texts())).toEqual(['next-a', 'next-b'])
    expect(JSON.stringify([...places.values]).length).toBeLessThan(20_000)
  })

  it('that can not be unpacked are kept as they are, and the next ones are read', async () => {
    const objects = new Map([
      [keyOf('eu-west-1', 1), Buffer.from([0x1f, 0x8b, 1, 2, 3])],
      [keyOf('eu-west-1', 2), fileOf('a')],
    ])
    const { url } = await bucket(objects)
    const running = await run(sourceAt(url), new Table())
    await running.until('both are there', () => running.texts().length === 2)
    expect(running.texts()[1]).toBe(record('a'))
  })

  it('are refused without the right, with the right that is missing', async () => {
    const { url } = await serve((_, __, ___, response) => void response.writeHead(403).end())
    const running = await run(sourceAt(url), new Table())
    await running.until('it is said', () => running.status().problem !== null)
    expect(running.status().problem).toContain('Allow s3:ListBucket on trail-bucket')
  })
})

it('the place of another kind of source does not count, and that of the same name and kind does', async () => {
  const pages: unknown[] = []
  const source: Source = {
    from: 'here',
    page: (cursor) => {
      pages.push(cursor)
      return Promise.resolve({ records: [], cursor: { at: 1 }, more: false })
    },
  }
  const places = new Table()
  for (const kind of ['okta', 'okta', 'github']) {
    const before = pages.length
    const running = await run(source, places, temporaryFolder(), kind)
    await running.until('it was asked', () => pages.length > before && places.values.size > 0)
    await running.reception.close()
    pages.splice(before + 1)
  }
  expect(pages).toEqual([null, { at: 1 }, null])
})
