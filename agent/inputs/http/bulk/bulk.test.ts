import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../../../config/index.ts'
import { LIMITS } from '../../../../schema/index.ts'
import { tinyDisk } from '../../../state/testing/tiny-disk.ts'
import { HttpStage } from '../testing/stage.ts'
import { BulkDoor } from './bulk.ts'

const TYPE = { 'content-type': 'application/x-ndjson' }
const open = (tokens: string[] = [], options = {}): Promise<HttpStage> =>
  HttpStage.open(new BulkDoor(tokens.map((token) => new Secret(token))), options)

const lines = (...values: unknown[]): string =>
  values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')

describe('records by _bulk', () => {
  it('are on the disk, byte for byte, before they are acknowledged', async () => {
    const stage = await open()
    const record = '{"user": "jane",  "n": 1.0, "ü": "\\u00fc"}'
    const answer = await stage.send('/_bulk', {
      headers: TYPE,
      body: lines(
        { create: { _index: 'app-logs' } },
        record,
        { index: { _index: 'x', _id: 'a1' } },
        '{"n":2}',
      ),
    })
    // Nothing was waited for: what was acknowledged is there.
    const stored = stage.stored()
    expect(stored.map(({ text, route, key }) => [text, route, key])).toEqual([
      [record, 'app-logs', []],
      ['{"n":2}', 'x', ['_bulk', 'x', 'a1']],
    ])
    expect(stored[0]).toMatchObject({
      door: 'bulk 127.0.0.1:0',
      from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    })
    expect(answer).toMatchObject({ status: 200, headers: { 'x-elastic-product': 'Elasticsearch' } })
    expect(answer.json()).toMatchObject({
      errors: false,
      items: [
        { create: { _index: 'app-logs', status: 201, result: 'created' } },
        { index: { _index: 'x', _id: 'a1', status: 201 } },
      ],
    })
  })

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
    ['identity', (text: string) => Buffer.from(text)],
  ])('are taken packed as %s, and with the index in the path', async (encoding, pack) => {
    const stage = await open()
    const { status } = await stage.send('/logs-app/_bulk?pipeline=x', {
      headers: { ...TYPE, 'content-encoding': encoding },
      body: pack(lines({ create: {} }, '{"n":1}')),
    })
    expect(status).toBe(200)
    expect(stage.stored()).toMatchObject([{ text: '{"n":1}', route: 'logs-app' }])
  })

  it('that cannot be taken are told one by one, and their neighbours are stored', async () => {
    const stage = await open()
    const answer = await stage.send('/_bulk?filter_path=errors,items.*.error.type,items.*.status', {
      headers: TYPE,
      body: lines(
        { create: { _index: 'a' } },
        '{"n":1}',
        { delete: { _index: 'a', _id: '1' } },
        { update: { _index: 'a', _id: '1' } },
        '{"doc":{}}',
        { create: { _index: 'a\u0001' } },
        '{"n":2}',
        { create: { _index: 'a', _id: 'x'.repeat(513) } },
        '{"n":3}',
        { create: { _index: 'a' } },
        ' ',
        { create: { _index: 'a' } },
        'no JSON, which its event will say',
      ),
    })
    expect(answer.json()).toEqual({
      errors: true,
      items: [
        { create: { status: 201 } },
        { delete: { status: 400, error: { type: 'illegal_argument_exception' } } },
        { update: { status: 400, error: { type: 'illegal_argument_exception' } } },
        { create: { status: 400, error: { type: 'invalid_index_name_exception' } } },
        { create: { status: 400, error: { type: 'illegal_argument_exception' } } },
        { create: { status: 400, error: { type: 'document_parsing_exception' } } },
        { create: { status: 201 } },
      ],
    })
    expect(stage.stored().map(({ text }) => text)).toEqual(['{"n":1}', 'no JSON, which its event will say'])
  })

  it.each([
    ['a line that is no action', lines('{"n":1}'), 'Malformed action in line 1'],
    [
      'an action without a record',
      lines({ create: { _index: 'a' } }, '{}', { index: {} }),
      'line 3 has no record',
    ],
    ['text', 'hello', 'Malformed action in line 1'],
    ['deep nesting', `${'['.repeat(200_000)}\n`, 'Malformed action in line 1'],
  ])('of a request with %s are not taken at all', async (_, body, sentence) => {
    const stage = await open()
    const answer = await stage.send('/_bulk', { headers: TYPE, body })
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(sentence)
    expect(stage.stored()).toEqual([])
  })

  it('longer than an event may be are kept in their first part, with what the whole was', async () => {
    const stage = await open()
    const long = `{"m":"${'x'.repeat(LIMITS.recordBytes)}"}`
    const { status } = await stage.send('/a/_bulk', { headers: TYPE, body: lines({ create: {} }, long) })
    expect(status).toBe(200)
    const [stored] = stage.stored()
    expect(stored?.text).toBe(long.slice(0, LIMITS.recordBytes))
    expect(stored?.truncated).toMatchObject({ bytes: long.length })
  })
})

describe('what shippers ask before they send', () => {
  it.each([
    ['/', { version: { number: expect.stringMatching(/^8\./), build_flavor: 'default' } }],
    ['/_license', { license: { status: 'active', type: 'basic' } }],
    ['/_cluster/health', { status: 'green' }],
    ['/_index_template/filebeat', { index_templates: [{ name: 'filebeat' }] }],
    ['/_ilm/policy/filebeat', { filebeat: {} }],
  ])('%s is answered', async (path, expected) => {
    const stage = await open()
    const answer = await stage.send(path)
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject(expected)
    expect(answer.headers['x-elastic-product']).toBe('Elasticsearch')
    expect(await stage.send(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  it('templates and policies that they load are acknowledged, and other requests are not', async () => {
    const stage = await open()
    const put = (path: string) => stage.send(path, { method: 'PUT', body: '{"index_patterns":["x-*"]}' })
    expect((await put('/_index_template/x')).json()).toEqual({ acknowledged: true })
    expect((await put('/_security/user/mallory')).status).toBe(404)
    expect((await stage.send('/app/_search')).status).toBe(404)
    expect((await stage.send('/_bulk')).status).toBe(405)
    expect(stage.stored()).toEqual([])
  })
})

describe('the requests of shippers, as their sources make them', () => {
  const basic = { authorization: `Basic ${Buffer.from('shipper:the-token').toString('base64')}` }

  it('of Filebeat: the version, the licence, template and policy, then gzip with a filter of the answer', async () => {
    const stage = await open(['the-token'])
    const headers = { ...basic, accept: 'application/json', connection: 'close' }
    const root = await stage.send('/', { headers })
    expect(root.json()).toMatchObject({ version: { number: expect.stringMatching(/^\d+\.\d+\.\d+$/) } })
    expect((await stage.send('/_license?human=false', { headers })).json()).toMatchObject({
      license: { status: 'active' },
    })
    for (const path of [
      '/_index_template/filebeat-8.19.0',
      '/_ilm/policy/filebeat',
      '/_data_stream/filebeat-8.19.0',
    ])
      expect((await stage.send(path, { headers })).status).toBe(200)
    const event = '{"@timestamp":"2026-01-02T03:04:05.678Z","message":"x","agent":{"type":"filebeat"}}'
    const answer = await stage.send('/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status', {
      headers: { ...headers, 'content-encoding': 'gzip', 'content-type': 'application/json; charset=UTF-8' },
      body: gzipSync(lines({ create: { _index: 'filebeat-8.19.0' } }, event)),
    })
    expect(answer.json()).toEqual({ errors: false, items: [{ create: { status: 201 } }] })
    expect(stage.stored()).toMatchObject([{ text: event, route: 'filebeat-8.19.0' }])
  })

  it('of Vector: the health of the cluster, then index with a time limit', async () => {
    const stage = await open(['the-token'])
    expect((await stage.send('/_cluster/health', { headers: basic })).status).toBe(200)
    const answer = await stage.send('/_bulk?timeout=60s', {
      headers: { ...basic, ...TYPE },
      body: lines({ index: { _index: 'app', _type: '_doc' } }, '{"message":"x"}'),
    })
    expect(answer.json()).toMatchObject({ errors: false, items: [{ index: { status: 201 } }] })
    expect(stage.stored()).toMatchObject([{ text: '{"message":"x"}', route: 'app' }])
  })
})

describe('who may send', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const body = lines({ create: { _index: 'a' } }, '{}')

  it.each([
    ['Bearer', 'Bearer the-token'],
    ['the key of an API', 'ApiKey the-token'],
    ['the key of an API with its id', `ApiKey ${base64('some-id:the-token')}`],
    ['name and password', `Basic ${base64('filebeat:the-token')}`],
    ['the other of two tokens', 'Bearer the-next'],
  ])('a token is taken as %s', async (_, authorization) => {
    const stage = await open(['the-token', 'the-next'])
    expect((await stage.send('/_bulk', { headers: { ...TYPE, authorization }, body })).status).toBe(200)
  })

  it.each([
    ['no token', {}],
    ['a wrong one', { authorization: 'Bearer the-toke' }],
    ['one without a scheme', { authorization: 'the-token' }],
    ['a password without a name', { authorization: `Basic ${base64('the-token')}` }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('%s is refused before the body is read', async (_, headers) => {
    const stage = await open(['the-token'])
    const socket = connect(stage.port, '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    // The body never comes.
    socket.write(`POST /_bulk HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n${head.join('')}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer.toString()).toContain('www-authenticate')
    expect(answer.toString()).not.toContain('the-token')
    expect(stage.reception.status().listeners[0]?.refused).toBe(1)
    expect(stage.said.join()).not.toContain('the-token')
  })
})

describe('hostile and unlucky senders', () => {
  it('a small archive of a huge text is refused before it takes the memory', async () => {
    const stage = await open()
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(300_000)
    const before = process.memoryUsage().rss
    const answer = await stage.send('/_bulk', { headers: { 'content-encoding': 'gzip' }, body: bomb })
    expect(answer.status).toBe(413)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })

  it.each([
    ['announces too much', { 'content-length': String(17 * 1024 * 1024) }, 413],
    ['is not what its encoding says', { 'content-encoding': 'gzip' }, 400],
    ['has an encoding that nobody knows', { 'content-encoding': 'br' }, 415],
  ])('a body that %s is refused', async (_, headers, status) => {
    const stage = await open()
    const answer = stage.send('/_bulk', { headers, body: 'x', method: 'POST' }).catch(() => null)
    expect((await answer)?.status).toBe(status)
    expect(stage.stored()).toEqual([])
  })

  it('a request that breaks off leaves nothing behind, and its memory is free again', async () => {
    const stage = await open()
    for (let n = 0; n < 20; n++) {
      const socket = connect(stage.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write('POST /_bulk HTTP/1.1\r\nhost: x\r\ncontent-length: 15000000\r\n\r\n')
      socket.write('x'.repeat(8_000_000))
      await pause(5)
      socket.destroy()
    }
    const ended = performance.now() + 10_000
    while (stage.reception.status().listeners[0]!.waiting > 0 && performance.now() < ended) await pause(5)
    const body = Buffer.from(lines({ create: { _index: 'a' } }, `"${'x'.repeat(15_000_000)}"`))
    expect((await stage.send('/_bulk', { body })).status).toBe(200)
    expect(stage.stored().length).toBe(1)
  })

  it('one that is silent within a request keeps nobody else waiting', async () => {
    const stage = await open([], { limits: { perPeer: 3 } })
    const slow = connect(stage.port, '127.0.0.1')
    onTestFinished(() => {
      slow.destroy()
    })
    slow.write('POST /_bulk HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{')
    expect((await stage.send('/a/_bulk', { body: lines({ create: {} }, '{}') })).status).toBe(200)
    expect(stage.stored().length).toBe(1)
  })
})

describe('a journal without room', () => {
  it('says so with the time to come again, takes nothing of the request, and goes on when there is room', async () => {
    const stage = await open([], { limit: 16 * 1024 * 1024 })
    const body = lines(
      ...Array.from({ length: 6 }, () => [
        { create: { _index: 'a' } },
        `{"m":"${'x'.repeat(1_000_000)}"}`,
      ]).flat(),
    )
    expect((await stage.send('/_bulk', { body })).status).toBe(200)
    const refused = await stage.send('/_bulk', { body })
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '5' } })
    expect(refused.json()).toMatchObject({ status: 429, error: { type: 'es_rejected_execution_exception' } })
    expect(stage.stored().length).toBe(6)
    stage.acknowledgeAll()
    const end = performance.now() + 20_000
    while ((await stage.send('/_bulk', { body })).status === 429 && performance.now() < end) await pause(50)
    expect(stage.stored().length).toBe(6)
  })

  it('that could never hold a request says so, so that its sender divides it', async () => {
    const stage = await open([], { limit: 16 * 1024 * 1024 })
    const record = [{ create: { _index: 'a' } }, `{"m":"${'x'.repeat(1_000_000)}"}`]
    const body = lines(...Array.from({ length: 9 }, () => record).flat())
    expect((await stage.send('/_bulk', { body })).status).toBe(413)
    expect(stage.stored()).toEqual([])
  })

  it('on a disk that is full acknowledges nothing until all of it is written', async (test) => {
    const disk = tinyDisk(1024 * 1024)
    if (disk === null) return test.skip('this user may not mount a file system of its own')
    onTestFinished(() => disk.release())
    const ballast = join(disk.dir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(700 * 1024))
    const stage = await open([], { folder: join(disk.dir, 'journal') })
    const records = Array.from({ length: 600 }, (_, n) => `{"n":${n},"m":"${'x'.repeat(900)}"}`)
    let answered = false
    const sent = stage
      .send('/_bulk', { body: lines(...records.flatMap((record) => [{ create: { _index: 'a' } }, record])) })
      .then((answer) => {
        answered = true
        return answer
      })
    const end = performance.now() + 20_000
    while (stage.reception.status().journal.problem === null && performance.now() < end) await pause(5)
    expect(stage.reception.status().journal.problem).toContain('no space left on device')
    expect(answered).toBe(false)
    rmSync(ballast)
    expect((await sent).status).toBe(200)
    expect(stage.stored().map(({ text }) => text)).toEqual(records)
  })
})

it('new tokens apply to the next request, on a connection that stays', async () => {
  const stage = await open(['old'])
  const { port } = stage
  await stage.listen({ ...stage.entry, door: new BulkDoor([new Secret('new')]) })
  expect(stage.port).toBe(port)
  const body = lines({ create: { _index: 'a' } }, '{}')
  expect((await stage.send('/_bulk', { headers: { authorization: 'Bearer old' }, body })).status).toBe(401)
  expect((await stage.send('/_bulk', { headers: { authorization: 'Bearer new' }, body })).status).toBe(200)
})
