import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waybill } from './testing/command.ts'
import { startWithAgent } from './testing/indexer.ts'

const DAY = 86_400_000
const KEY = 'ab'.repeat(32)

let folder: string
let now = Date.now()
let started: Awaited<ReturnType<typeof startWithAgent>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-archive-'))
  const archive = { folder: join(folder, 'archive'), keys: [{ id: 'first', key: KEY }] }
  started = await startWithAgent({ archive }, { clock: () => now })
  await started.store(
    { message: 'credit limit of Acme raised', user: { name: 'jane' }, audit: { category: 'change' } },
    { message: 'another change', user: { name: 'joe' }, audit: { category: 'change' } },
    { message: 'read', user: { name: 'jane' }, audit: { category: 'view' } },
  )
  writeFileSync(
    join(folder, 'indexer.yml'),
    [
      'listen: http://127.0.0.1:8600',
      `store: { embedded: { path: ${join(folder, 'none')} } }`,
      `archive: { folder: ${archive.folder}, keys: [{ id: first, key: ${KEY} }] }`,
    ].join('\n'),
  )
  // The partition closes.
  now += 80 * DAY
})
afterAll(async () => {
  await started.indexer.end()
  rmSync(folder, { recursive: true, force: true })
})

const ran = (...args: string[]) => waybill(args, { WAYBILL_URL: started.indexer.url })

test('what the retention table requires is archived, listed, verified and searched', async () => {
  expect(await ran('archive')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^0 objects with 0 B in the folder/),
  })
  const run = await ran('archive', 'run')
  expect(run.out).toMatch(/change-\d{4}-\d\d-\d\d is archived, read back and verified\./)
  expect((await ran('archive', 'run')).out).toContain(
    'All that the retention table requires is in the archive.',
  )
  const objects = (await ran('archive', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const change = objects.find(({ name }) => name.startsWith('change/'))
  expect(change).toMatchObject({ events: 2, problem: null, key: 'first', lockedUntil: null })
  const verified = await ran('archive', 'verify', change.name)
  expect(verified).toMatchObject({ code: 0, out: `${change.name} is sound: 2 events.\n` })
  const unknown = await ran('archive', 'verify', 'no/such.wba')
  expect([unknown.code, unknown.err]).toEqual([
    1,
    expect.stringContaining('list them with `waybill archive list`'),
  ])

  const config = join(folder, 'indexer.yml')
  const found = await waybill(['archive', 'search', 'user: jane', '--config', config, '-f', 'json'])
  const [event] = found.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(event).toMatchObject({
    message: 'credit limit of Acme raised',
    audit: { words: expect.any(String) },
  })
  const alone = await waybill(['archive', 'search', '--id', event.event.id, '--config', config, '-f', 'json'])
  expect(JSON.parse(alone.out)).toEqual(event)
  expect(await waybill(['archive', 'search', '--id', '00', '--config', config])).toMatchObject({ code: 4 })
  const none = await waybill(['archive', 'search', 'user: nobody', '--config', config])
  expect([none.code, none.err]).toEqual([0, 'No events found.\n'])
  const wrong = await waybill(['archive', 'search', 'user: (', '--config', config])
  expect(wrong.code).toBe(2)
})

test('a restore is searched by its id, marked with its end, and removed', async () => {
  await ran('archive', 'run')
  const begun = await ran(
    'archive',
    'restore',
    '--from',
    '2020-01-01',
    '--categories',
    'change',
    '--for',
    '200d',
  )
  expect(begun.out).toContain('2 events of 1 objects are being restored')
  const id = /--restored (\w+)/.exec(begun.out)![1]!
  await expect
    .poll(async () => (await ran('archive', 'restores')).out, { timeout: 60_000 })
    .toMatch(`${id}  ready`)
  const found = await ran('search', 'user: jane', '--restored', id, '-f', 'json')
  expect(JSON.parse(found.out)).toMatchObject({ message: 'credit limit of Acme raised' })
  const { json } = await started.indexer.ask(`/v1/search?q=user:joe&restored=${id}`)
  expect(json).toMatchObject({ events: [{ message: 'another change' }], restored: { id } })
  expect((await ran('archive', 'unrestore', id)).code).toBe(0)
  expect((await ran('archive', 'restores')).out).toBe('Nothing is restored.\n')
  expect((await ran('search', '--restored', id)).code).toBe(4)
})

test('a query is exported; the keys are those of the settings', async () => {
  const done = await ran('archive', 'export', 'case-17', 'user: jane and category: change')
  expect(done.out).toMatch(/^query\/case-17\.1\.wba: 1 events, .* read back and verified\.\n$/)
  const config = join(folder, 'indexer.yml')
  const csv = await waybill([
    'archive',
    'search',
    '--objects',
    'query/case-17',
    '--config',
    config,
    '-f',
    'csv',
  ])
  expect(csv.out.trim().split('\n')).toHaveLength(2)
  expect(csv.out).toContain('credit limit of Acme raised')
  const nothing = await waybill(['archive', 'search', '--objects', 'query/none', '--config', config])
  expect([nothing.code, nothing.err]).toEqual([
    1,
    expect.stringContaining('no object whose name begins with'),
  ])
  const wrong = await ran('archive', 'export', 'case-18', 'user: (')
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('^')])
  expect((await ran('archive', 'rotate-key')).out).toContain('are encrypted with the first key')
})

test('a hold is made, listed and ended, each with an event of the trail', async () => {
  const made = await ran('hold', 'add', 'Doe v. Roe', 'user: jane', '--for', '2y')
  const id = /The hold (\w+) keeps what "user: jane" finds, until/.exec(made.out)![1]!
  expect((await ran('hold')).out).toMatch(new RegExp(`${id}  Doe v. Roe`))
  expect((await ran('hold', 'add', 'x', 'user: (')).code).toBe(2)
  expect((await ran('hold', 'end', id)).out).toBe(`The hold ${id} for "Doe v. Roe" has ended.\n`)
  expect((await ran('hold', 'end', id)).code).toBe(4)
  const trail = await ran('search', 'event.action: hold-*', '-f', 'json', '--sort', 'oldest')
  expect(
    trail.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event.action),
  ).toEqual(['hold-add', 'hold-end'])
})

test('without an archive in the settings, one sentence says so', async () => {
  const bare = await startWithAgent()
  try {
    const asked = await waybill(['archive'], { WAYBILL_URL: bare.indexer.url })
    expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('write archive: in indexer.yml')])
    expect((await waybill(['hold'], { WAYBILL_URL: bare.indexer.url })).out).toBe('There is no legal hold.\n')
  } finally {
    await bare.indexer.end()
  }
})
