import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waybillAgent } from '../agent/cli/testing/command.ts'
import { TestIndexer } from '../indexer/ingest/testing.ts'

const SAMPLES = join(import.meta.dirname, '../integrations')
let folder: string
let indexer: TestIndexer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-setup-'))
  indexer = await TestIndexer.start()
  for (const [sample, place] of [
    ['linux-auth/samples/auth.log', 'var/log/auth.log'],
    ['auditd/samples/audit.log', 'var/log/audit/audit.log'],
    ['strapi/samples/audit.jsonl', 'var/log/strapi/app/audit.jsonl'],
  ] as const) {
    const file = join(folder, 'host', place)
    await mkdir(join(file, '..'), { recursive: true })
    await copyFile(join(SAMPLES, sample), file)
  }
})
afterEach(async () => {
  await indexer.end()
  await rm(folder, { recursive: true, force: true })
})

const setup = (...args: string[]) =>
  waybillAgent(folder, [
    'setup',
    '--config',
    'agent.yml',
    '--data',
    'data',
    '--root',
    'host',
    '--name',
    'web-7',
    ...args,
  ])
const linesOf = async (path: string): Promise<number> =>
  (await readFile(join(folder, 'host', path), 'utf8')).trimEnd().split('\n').length

describe('waybill-agent setup', () => {
  it('shows what the host has to read, with the number of records, and changes nothing', async () => {
    const { code, out, err } = await setup('--dry-run')
    expect([code, err]).toEqual([0, 'Nothing was changed.\n'])
    const records = await linesOf('var/log/auth.log')
    expect(out).toMatch(
      new RegExp(`sign-ins, sudo and users +linux-auth +${records} +.*host/var/log/auth\\.log`),
    )
    expect(out).toMatch(/the audit daemon +auditd +\d+ +.*audit\.log/)
    expect(out).toMatch(/audit files of Strapi +strapi +\d+ +.*strapi/)
    expect(out).toContain('integration: linux-auth')
    await expect(readFile(join(folder, 'agent.yml'))).rejects.toThrow('ENOENT')
    const { out: json } = await setup('--dry-run', '--json')
    expect(JSON.parse(json)).toMatchObject({
      done: false,
      name: 'web-7',
      inputs: [{ records, closed: null }, {}, {}],
    })
  })

  it('from nothing to the first event: settings, enrolment, the first batch, and where to look', async () => {
    const { code, out, err } = await setup('--indexer', indexer.url, '--yes')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/The indexer has acknowledged the first \d+ records\./)
    expect(out).toContain(`Look at ${indexer.url}/events?q=agent.name`)
    expect(out).toContain('Start it with: waybill-agent run --config')
    const { json } = await indexer.ask(`/v1/search?q=${encodeURIComponent('agent.name: web-7')}&limit=1`)
    expect(json.events).toHaveLength(1)
    // The file and the enrolment stay as they are.
    const before = await readFile(join(folder, 'agent.yml'), 'utf8')
    const again = await setup('--indexer', indexer.url, '--yes', '--json')
    expect(JSON.parse(again.out)).toMatchObject({ done: true, service: false })
    expect(await readFile(join(folder, 'agent.yml'), 'utf8')).toBe(before)
  })

  it('reads a file that somebody names by the integration that understands it', async () => {
    const file = join(folder, 'trail.log')
    await copyFile(join(SAMPLES, 'creatio/samples/stream.jsonl'), file)
    const { out } = await setup('--dry-run', '--file', file)
    expect(out).toMatch(/named by you +creatio +\d+/)
    expect(await setup('--dry-run', '--file', 'none.log')).toMatchObject({
      code: 1,
      err: expect.stringContaining('name one that is there, or write the input into agent.yml'),
    })
  })

  it('asks where somebody can answer, and says what is missing', async () => {
    expect(await setup('--indexer', indexer.url)).toMatchObject({
      code: 1,
      err: expect.stringContaining('--yes does it without asking'),
    })
    expect(await setup('--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Name the indexer with --indexer URL, or in WAYBILL_INDEXER.'),
    })
    await rm(join(folder, 'host'), { recursive: true })
    expect(await setup('--yes', '--indexer', indexer.url)).toMatchObject({
      code: 1,
      err: expect.stringContaining('name one with --file PATH'),
    })
  })

  it('an indexer that is not there, or refuses the token, is one sentence, and the next try goes on', async () => {
    const nobody = await setup('--yes', '--indexer', 'http://127.0.0.1:9')
    expect(nobody.code).toBe(3)
    expect(nobody.err).toContain('127.0.0.1:9')
    await rm(join(folder, 'agent.yml'))
    const wrong = await setup('--yes', '--indexer', indexer.url, '--token', 'wbe_nothing')
    expect(wrong.code).not.toBe(0)
    expect(wrong.err).toContain('token')
    expect(await setup('--yes', '--indexer', indexer.url)).toMatchObject({ code: 0 })
  })

  it('a file without a complete record yet is no failure', async () => {
    for (const place of ['audit', 'strapi'])
      await rm(join(folder, 'host/var/log', place), { recursive: true })
    await writeFile(join(folder, 'host/var/log/auth.log'), '')
    const { code, out } = await setup('--indexer', indexer.url, '--yes')
    expect(code).toBe(0)
    expect(out).toContain('Its files have no complete record yet')
  })
})
