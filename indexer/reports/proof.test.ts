import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REPORT_FORMATS, type ReportFormat } from '../../schema/api/index.ts'
import { runHere } from '../../test/command-here.ts'
import { commandLine } from '../cli/command-line.ts'
import { askAt, TestAgent, TestIndexer, until } from '../ingest/testing.ts'

/** One report in all formats, of a real indexer, and its policy. */
const folder = mkdtempSync(join(tmpdir(), 'waybill-proofs-'))
const names = new Map<ReportFormat, string>()
const at = (name: string): string => join(folder, name)
const POLICY = at('trusted.yml')
const EVENTS = 2500

async function downloaded(url: string, path: string): Promise<Buffer> {
  const answer = await fetch(url + path)
  return Buffer.from(await answer.arrayBuffer())
}

beforeAll(async () => {
  const indexer = await TestIndexer.start({ 'time-zone': 'UTC' }, { clock: () => Date.UTC(2026, 0, 3) })
  try {
    const agent = await TestAgent.enrolled(indexer.url)
    await agent.send(indexer.url, agent.seal(agent.events(EVENTS)))
    const begun = await askAt(indexer.url, '/v1/jobs', {
      json: {
        makes: 'report',
        report: 'user-access',
        parameters: { from: '2026-01-01', to: '2026-01-02' },
        formats: REPORT_FORMATS,
      },
    })
    expect(begun.status, begun.text).toBeLessThan(300)
    const { json } = await until(
      () => indexer.ask(`/v1/jobs/${begun.json.id}`),
      ({ json }) => json.state === 'done' || json.state === 'failed',
    )
    expect(json.reason).toBe(null)
    for (const { name, format, proof } of json.files as {
      name: string
      format: ReportFormat
      proof: string | null
    }[]) {
      names.set(format, name)
      for (const one of [name, ...(proof === null ? [] : [proof])])
        writeFileSync(at(one), await downloaded(indexer.url, `/v1/jobs/${json.id}/files/${one}`))
    }
    const policy = await runHere(() => commandLine(['verify', 'policy', '--url', indexer.url]))
    writeFileSync(POLICY, policy.out)
  } finally {
    await indexer.end()
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const verify = (file: string, ...more: string[]) =>
  runHere(() => commandLine(['verify', at(file), '--policy', POLICY, ...more]))

/** A copy of the report with its proof, changed. */
function changed(format: ReportFormat, change: (bytes: Buffer) => Buffer): string {
  const name = names.get(format) ?? ''
  const copy = `changed-${name}`
  writeFileSync(at(copy), change(readFileSync(at(name))))
  if (format !== 'pdf') writeFileSync(at(`${copy}.proof.json`), readFileSync(at(`${name}.proof.json`)))
  return copy
}

/** Changes the first of these texts, to one of the same length. */
function replaced(bytes: Buffer, text: string, by: string): Buffer {
  const place = bytes.indexOf(text)
  expect(place).toBeGreaterThan(0)
  const copy = Buffer.from(bytes)
  copy.write(by, place)
  return copy
}

test.each(REPORT_FORMATS.map((format) => [format]))(
  'a report as %s is as the indexer signed it',
  async (format) => {
    const { code, out, err } = await verify(names.get(format) ?? '')
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('The report is as the indexer signed it.')
    expect(out).toMatch(/Report {5}User access\n/)
    expect(out).toMatch(/Signed {5}by \S+\+[0-9a-f]{8}/)
    expect(out).toMatch(/Requested {2}by loopback at 2026-01-03T00:00:00Z/)
  },
)

test.each([
  [
    'csv',
    (bytes: Buffer) => withLine(bytes, 1500, (line) => line.replace('jane', 'jana')),
    'Changed: something in rows 1001 to 2000',
  ],
  [
    'ndjson',
    (bytes: Buffer) => replaced(bytes, 'record at 240000', 'record at 240001'),
    'Changed: something in rows 2001 to 2',
  ],
  [
    'json',
    (bytes: Buffer) => replaced(bytes, '"Who accessed', '"Who Accessed'),
    'Changed: something in the document before the rows',
  ],
  ['html', (bytes: Buffer) => replaced(bytes, 'User access', 'Usor access'), 'Changed:'],
] as const)('a change in a report as %s is named', async (format, change, said) => {
  const source = changed(format, change)
  const { code, out } = await verify(source)
  expect(code).toBe(1)
  expect(out).toContain('The report is not as the indexer signed it.')
  expect(out).toContain(said)
})

function withLine(bytes: Buffer, index: number, change: (line: string) => string): Buffer {
  const lines = bytes.toString('utf8').split('\r\n')
  lines[index] = change(lines[index] ?? '')
  return Buffer.from(lines.join('\r\n'))
}

const PYTHON = fileURLToPath(new URL('../../docs/vectors/verify_report.py', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0

test.skipIf(!hasPython)('a stranger verifies a report with Python alone', () => {
  // Ed25519 keys have this type before their bytes.
  const key = /\S+\+[0-9a-f]{8}\+A[Q-Za-f]\S+/.exec(readFileSync(POLICY, 'utf8'))?.[0] ?? ''
  const ran = (name: string) =>
    spawnSync('python3', [PYTHON, at(name), '--log-key', key], { encoding: 'utf8' })
  for (const format of ['pdf', 'csv', 'xlsx'] as const) {
    const { status, stdout, stderr } = ran(names.get(format) ?? '')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`"User access" with ${EVENTS} rows, for loopback`)
  }
  const forged = changed('pdf', (bytes) => replaced(bytes, 'events.csv', 'evenTs.csv'))
  expect(ran(forged)).toMatchObject({ status: 1, stderr: expect.stringContaining('the file was changed') })
})

test('a row that was taken out, and one that was put in, are named', async () => {
  const cut = changed('csv', (bytes) => {
    const lines = bytes.toString('utf8').split('\r\n')
    lines.splice(100, 1)
    return Buffer.from(lines.join('\r\n'))
  })
  const { code, out } = await verify(cut)
  expect(code).toBe(1)
  expect(out).toContain('Changed: something in rows 1 to 1000')
  const more = changed('ndjson', (bytes) => Buffer.concat([bytes, Buffer.from('{"event":{"id":"x"}}\n')]))
  expect((await verify(more)).out).toMatch(/bytes; \d+ were sealed/)
})

test('a byte of a PDF is not changed unseen, wherever it is', async () => {
  const name = names.get('pdf') ?? ''
  const bytes = readFileSync(at(name))
  const room = bytes.indexOf('{"format":"waybill report proof"')
  for (const share of [0.05, 0.3, 0.6, 0.95]) {
    const place = Math.floor(bytes.length * share)
    if (place >= room && place < room + 24 * 1024) continue
    const copy = changed('pdf', (whole) => {
      const other = Buffer.from(whole)
      other[place] = (other[place] ?? 0) ^ 1
      return other
    })
    expect((await verify(copy)).code).toBe(1)
  }
  // Something behind the end, as an editor appends it.
  appendFileSync(at('appended.pdf'), Buffer.concat([bytes, Buffer.from('\n% more\n')]))
  expect(await verify('appended.pdf')).toMatchObject({ code: 1 })
})

test('a proof that says something else than what was signed is refused', async () => {
  const name = names.get('csv') ?? ''
  const proof = readFileSync(at(`${name}.proof.json`), 'utf8')
  writeFileSync(at('other.csv'), readFileSync(at(name)))
  writeFileSync(at('other.csv.proof.json'), proof.replace('"by": "loopback"', '"by": "somebody"'))
  const { code, out } = await verify('other.csv')
  expect(code).toBe(1)
  expect(out).toContain('The proof was changed')
})

test('what nobody vouches for is not verified, and the reason is said', async () => {
  const name = names.get('csv') ?? ''
  const without = await runHere(() => commandLine(['verify', at(name)]))
  expect([without.code, without.out]).toEqual([2, expect.stringContaining('with --policy FILE')])
  const stranger = readFileSync(POLICY, 'utf8').replace(/\nlogs:[\s\S]*?(?=\n\w)/, '\nlogs: []')
  writeFileSync(at('stranger.yml'), stranger.replace(/checkpoints:[\s\S]*$/, 'checkpoints: []\n'))
  const foreign = await runHere(() => commandLine(['verify', at(name), '--policy', at('stranger.yml')]))
  expect([foreign.code, foreign.out]).toEqual([
    2,
    expect.stringContaining('No key of the policy signed this proof'),
  ])
})

test('a file without a proof, no file, and two things at once are refused with the remedy', async () => {
  writeFileSync(at('bare.csv'), 'a,b\r\n')
  const bare = await verify('bare.csv')
  expect([bare.code, bare.err]).toEqual([
    2,
    expect.stringContaining('there is no bare.csv.proof.json beside it'),
  ])
  const gone = await verify('gone.pdf')
  expect([gone.code, gone.err]).toEqual([2, expect.stringContaining('There is no file')])
  const both = await verify(names.get('csv') ?? '', '--store', folder)
  expect([both.code, both.err]).toEqual([2, expect.stringContaining('Verify one thing at a time')])
  writeFileSync(at('bare.csv.proof.json'), '{')
  expect((await verify('bare.csv')).err).toContain('holds no proof of a report')
})
