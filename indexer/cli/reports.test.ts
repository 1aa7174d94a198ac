import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JobShape } from '../../schema/api/index.ts'
import type { TestIndexer } from '../ingest/testing.ts'
import { temporaryFolders } from '../store/testing/batches.ts'
import { start, until, waybill } from './testing/command.ts'
import { answering, startWithAgent } from './testing/indexer.ts'

const folders = temporaryFolders()
let indexer: TestIndexer
const EVENTS = 400

beforeAll(async () => {
  const started = await startWithAgent()
  indexer = started.indexer
  await started.store(
    ...Array.from({ length: EVENTS }, (_, i) => ({
      message: `one of many, the ${i}th`,
      user: { name: `u${i % 5}` },
    })),
  )
  return async () => {
    await indexer.end()
    folders.remove()
  }
})

const run = (...args: string[]) => waybill(args, { WAYBILL_URL: indexer.url })
const QUERY = 'message: many'
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function exported(...more: string[]): Promise<{ file: string; out: string }> {
  const file = join(folders.make(), 'many.ndjson')
  const { code, out, err } = await run('export', QUERY, '-f', 'ndjson', '-o', file, ...more)
  expect([code, err]).toEqual([0, ''])
  return { file, out }
}

async function lastJob(): Promise<JobShape> {
  const { out } = await run('reports', 'jobs', '--json')
  return JSON.parse(out.split('\n')[0] ?? '') as JobShape
}

describe('waybill export', () => {
  it('makes a file of all that is found, with its proof, and nothing else', async () => {
    const { file, out } = await exported()
    expect(out).toBe(`${EVENTS} events in ${file}.\n`)
    const job = await lastJob()
    expect(sha256(readFileSync(file))).toBe(job.files[0]?.sha256)
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['many.ndjson', 'many.ndjson.proof.json'])
  })

  it('writes an empty file where nothing is found', async () => {
    const file = join(folders.make(), 'none.ndjson')
    const { code, out, err } = await run('export', 'message: "in no event"', '-f', 'ndjson', '-o', file)
    expect([code, out, err]).toEqual([0, `0 events in ${file}.\n`, ''])
    expect(readFileSync(file, 'utf8')).toBe('')
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['none.ndjson', 'none.ndjson.proof.json'])
  })

  it('has the columns asked for, or those of another system', async () => {
    const head = async (...more: string[]): Promise<string> => {
      const file = join(folders.make(), 'out.csv')
      expect((await run('export', QUERY, '-o', file, ...more)).code).toBe(0)
      return readFileSync(file, 'utf8').split('\r\n')[0]?.replace('\ufeff', '') ?? ''
    }
    expect(await head('--columns', 'user,message')).toMatch(/^User,Message,/)
    const columns = (path: string): string =>
      readFileSync(new URL(`../../integrations/${path}`, import.meta.url), 'utf8')
        .split(/\r?\n/)[0]
        ?.replace('\ufeff', '') ?? ''
    expect(await head('--preset', 'clockify')).toBe(columns('clockify/samples/audit-log.csv'))
    expect(await head('--preset', 'strapi')).toBe(columns('strapi/samples/export.csv'))
  })

  it('names the place of a mistake in the query', async () => {
    const { code, err } = await run('export', 'user: jane and (')
    expect(code).toBe(2)
    expect(err).toContain('^')
  })

  it('goes on with a download that broke, and finds it damaged if the part was', async () => {
    const { file } = await exported()
    const { id, files } = await lastJob()
    const whole = readFileSync(file)
    const part = `${file}.${files[0]!.sha256.slice(0, 12)}.part`
    writeFileSync(part, whole.subarray(0, 1000))
    expect((await run('reports', 'download', id, '-o', file)).code).toBe(0)
    expect(readFileSync(file).equals(whole)).toBe(true)
    expect(existsSync(part)).toBe(false)
    writeFileSync(part, Buffer.alloc(1000))
    const damaged = await run('reports', 'download', id, '-o', file)
    expect([damaged.code, damaged.err]).toEqual([1, expect.stringContaining('WB-DOWNLOAD-DAMAGED')])
    expect([existsSync(part), readFileSync(file).equals(whole)]).toEqual([false, true])
  })

  it('keeps what arrived on Ctrl-C, and says how the download goes on', async () => {
    const { file } = await exported()
    const { files, ...job } = await lastJob()
    const [whole] = files
    // An indexer that sends the beginning of the file, and then nothing.
    const url = await answering((asked, answer) => {
      const isFile = asked.url?.includes('/files/') === true
      answer.writeHead(200, { 'content-type': isFile ? 'application/x-ndjson' : 'application/json' })
      if (isFile) answer.write(readFileSync(file).subarray(0, 1000))
      else answer.end(JSON.stringify({ ...job, files }))
    })
    const again = join(folders.make(), 'again.ndjson')
    const part = `${again}.${whole!.sha256.slice(0, 12)}.part`
    const running = start(['reports', 'download', job.id, '-o', again], { WAYBILL_URL: url })
    await until(() => existsSync(part) && statSync(part).size === 1000, 'the first bytes')
    running.child.kill('SIGINT')
    expect(await running.ended).toEqual({
      code: 130,
      out: '',
      err: `What arrived of ${again} is kept: \`waybill reports download ${job.id} -o ${again}\` goes on.\n`,
    })
    expect((await run('reports', 'download', job.id, '-o', again)).code).toBe(0)
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true)
  })

  it('asks for the rest when the connection breaks in the middle', async () => {
    const { file } = await exported()
    const { id, files } = await lastJob()
    const ranges: (string | undefined)[] = []
    let isFirst = true
    const again = join(folders.make(), 'again.ndjson')
    const part = `${again}.${files[0]?.sha256.slice(0, 12)}.part`
    // A proxy that breaks the first download when some bytes are on the disk: a break may discard what the reader has not read yet.
    const url = await answering((given, answer) => {
      const isFile = given.url?.endsWith('.ndjson') === true
      if (isFile) ranges.push(given.headers.range)
      const { host: _, ...headers } = given.headers
      const asked = request(`${indexer.url}${given.url}`, { method: given.method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers)
        if (!isFile || !isFirst) return void response.pipe(answer)
        isFirst = false
        response.once('data', async (bytes: Buffer) => {
          response.destroy()
          answer.write(bytes.subarray(0, 5000))
          await until(() => existsSync(part) && statSync(part).size > 0, 'the first bytes')
          answer.destroy()
        })
      })
      given.pipe(asked)
    })
    const ran = await waybill(['reports', 'download', id, '-o', again], { WAYBILL_URL: url })
    expect([ran.code, ran.err]).toEqual([0, ''])
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true)
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
    expect(files[0]?.bytes).toBeGreaterThan(5000)
  })
})

describe('waybill reports', () => {
  it('makes a report, gets its files, and tells the verdict', async () => {
    const folder = folders.make()
    const file = join(folder, 'access.csv')
    const { code, out } = await run(
      ...[
        'reports',
        'run',
        'user-access',
        '--from',
        '2026-01-01',
        '--to',
        '2026-01-31',
        '-f',
        'csv',
        '-o',
        file,
      ],
    )
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(
        /^.*access\.csv\n.*access\.csv\.proof\.json\nPeriod: 2026-01-01 to 2026-01-31 \(UTC\)\nRows: \d+\nVerdict: /,
      ),
    ])
    expect(readdirSync(folder)).toHaveLength(2)
  })

  it('gives each of several formats its own ending, or its own name in a folder', async () => {
    const folder = folders.make()
    const made = async (output: string): Promise<string[]> => {
      const { code, err } = await run('reports', 'run', 'user-access', '-f', 'html,csv', '-o', output)
      expect([code, err]).toEqual([0, ''])
      return readdirSync(folder)
        .filter((name) => !name.endsWith('.proof.json'))
        .toSorted()
    }
    expect(await made(join(folder, 'ua'))).toEqual(['ua.csv', 'ua.html'])
    expect(await made(join(folder, 'ua.html'))).toEqual(['ua.csv', 'ua.html'])
    expect(await made(join(folder, 'q1.2026'))).toEqual(['q1.2026.csv', 'q1.2026.html', 'ua.csv', 'ua.html'])
    expect((await made(folder)).filter((name) => name.includes('user-access'))).toEqual([
      expect.stringMatching(/\.csv$/),
      expect.stringMatching(/\.html$/),
    ])
  })

  it('says on Ctrl-C that the job goes on, and how to get its files or end it', async () => {
    const { id, ...job } = await lastJob()
    let looks = 0
    const url = await answering((asked, answer) => {
      if (asked.method === 'GET') looks++
      answer.writeHead(asked.method === 'GET' ? 200 : 201, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ ...job, id, state: 'running' }))
    })
    const running = start(['reports', 'run', 'user-access'], { WAYBILL_URL: url })
    await until(() => looks > 0, 'a look at the job')
    running.child.kill('SIGINT')
    expect(await running.ended).toEqual({
      code: 130,
      out: '',
      err: `The job ${id} goes on: \`waybill reports download ${id}\` gets its files, \`waybill reports cancel ${id}\` ends it.\n`,
    })
  })

  it('looks at --output before anything is made', async () => {
    const before = (await lastJob()).id
    const folder = folders.make()
    writeFileSync(join(folder, 'file'), '')
    for (const output of [
      join(folder, 'none', 'ua.csv'),
      `${join(folder, 'none')}/`,
      join(folder, 'file', 'ua'),
    ])
      for (const command of [
        ['reports', 'run', 'user-access', '-f', 'csv'],
        ['export', QUERY],
      ])
        expect(await run(...command, '-o', output)).toMatchObject({
          code: 1,
          err: expect.stringMatching(
            /--output: there is no folder .*(none|file).*; make it, or name one that is there/,
          ),
        })
    expect((await lastJob()).id).toBe(before)
  })

  it('lists, cancels and removes jobs, and says which are not there', async () => {
    const { id } = await lastJob()
    const short = id.slice(0, 8)
    const { out } = await run('reports', 'jobs')
    const access = out.split('\n').find((line) => line.includes('2026-01-01 to 2026-01-31'))
    expect(access).toMatch(/^[0-9a-f]{8} .* csv +\d+ +done +(in)?complete/)
    expect(out).toMatch(
      /^JOB +CREATED \(UTC\) +BY +SCHEDULE +TITLE +PERIOD \(UTC\) +FORMATS +ROWS +STATE +VERDICT/,
    )
    expect(await run('reports', 'download', short, '-o', folders.make())).toMatchObject({ code: 0, err: '' })
    expect(await run('reports', 'download', '')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/The ids of \d+ jobs begin with/),
    })
    expect(await run('reports', 'cancel', short)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is over already'),
    })
    expect(await run('reports', 'remove', short)).toMatchObject({
      code: 0,
      out: `The job ${id} is removed.\n`,
    })
    for (const command of ['remove', 'cancel', 'download'])
      expect(await run('reports', command, id)).toMatchObject({
        code: 4,
        err: expect.stringContaining('There is no job'),
      })
    expect(await run('reports', 'run', 'no-such-report')).toMatchObject({
      code: 4,
      err: expect.stringContaining('There is no report no-such-report; `waybill reports list` lists them'),
    })
    expect((await run('reports', 'run', 'user-acess')).err).toMatch(
      /^waybill: There is no report user-acess; did you mean user-access\?/,
    )
    expect(await run('reports', 'run', 'user-access', '-f', 'word')).toMatchObject({ code: 2 })
  })

  it('names the option that is wrong, what can be, and the place in a query', async () => {
    const make = (...args: string[]) => run('reports', 'run', 'user-access', ...args)
    const add = (...args: string[]) =>
      run('reports', 'schedule', 'add', 'wrong', '--like', 'daily-admin', ...args)
    for (const command of [make, add]) {
      expect(await command('--outcomes', 'failed')).toMatchObject({
        code: 2,
        err: expect.stringContaining(
          '--outcomes: there is no outcome failed; success, failure, unknown can be',
        ),
      })
      const { code, err } = await command('-q', 'user: (bob')
      expect([code, err]).toEqual([2, expect.stringMatching(/\(column \d+\).*\n.*user: \(bob\n +\^/)])
    }
    expect(await make('--mail', 'foo')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--mail: "foo" is not a mail address'),
    })
    expect(await add('--to', 'role:nosuch')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--to: there is no role nosuch; viewer, auditor, manager, admin can be'),
    })
    expect(await run('reports', 'check', 'nofile.yml')).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no file nofile.yml'),
    })
  })

  it('names the command that gets what is not waited for', async () => {
    const { code, out } = await run('reports', 'run', 'user-access', '-f', 'csv', '--no-wait')
    const [, id = ''] =
      /^The job (\w+) makes ".+"; `waybill reports download \1` gets its files\.\n$/.exec(out) ?? []
    expect([code, id]).toEqual([0, expect.stringMatching(/^[0-9a-f]{32}$/)])
    expect((await run('reports', 'download', id, '-o', folders.make())).code).toBe(0)
  })

  it('says in its help what a date covers, and what it does without one', async () => {
    const { out } = await run('reports', 'run', '--help')
    const help = out.replaceAll(/\s+/g, ' ')
    for (const said of [
      'in the zone of the report',
      'that day is covered too',
      'the last month',
      'A file of that name is replaced',
    ])
      expect(help).toContain(said)
    expect((await run('export', '--help')).out.replaceAll(/\s+/g, ' ')).toContain('that day is not covered')
  })

  it('takes no empty list for all', async () => {
    const { code, err } = await run('reports', 'run', 'user-access', '--users', '')
    expect([code, err]).toEqual([2, expect.stringContaining('--users is empty')])
  })

  it('schedules reports by templates, changes, runs and removes them', async () => {
    const schedule = (...args: string[]) => run('reports', 'schedule', ...args)
    for (const like of ['monthly-access', 'weekly-security', 'daily-admin']) {
      const { code, out, err } = await schedule('add', like, '--like', like)
      expect([code, out, err]).toEqual([0, expect.stringContaining(`The schedule ${like} runs next at`), ''])
    }
    expect((await schedule('add', 'other')).err).toContain('A schedule needs --report')
    expect(await schedule('add', 'daily-admin', '--like', 'daily-admin')).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'There is already a schedule daily-admin; `waybill reports schedule change daily-admin` changes it',
      ),
    })
    for (const [wrong, said] of [
      [['--report', 'nosuch'], 'There is no report nosuch; `waybill reports list` lists them'],
      [['--to', 'place:nosuch'], 'indexer.yml has no place nosuch'],
    ] as const)
      for (const command of [
        ['change', 'daily-admin'],
        ['add', 'another', '--like', 'daily-admin'],
      ]) {
        const { code, err } = await schedule(...command, ...wrong)
        expect([code, err]).toEqual([4, expect.stringContaining(said)])
        expect(err).not.toContain('There is no schedule')
      }
    expect((await schedule('change', 'nosuch', '--report', 'user-access')).err).toContain(
      'There is no schedule nosuch; `waybill reports schedule` lists them',
    )
    const changed = await schedule(
      'change',
      'daily-admin',
      '--cron',
      '30 7 * * mon-fri',
      '--to',
      'role:manager,role:auditor',
      '--json',
    )
    expect(JSON.parse(changed.out)).toMatchObject({
      version: 2,
      schedule: {
        report: 'admin-activity',
        cron: '30 7 * * mon-fri',
        to: [{ role: 'manager' }, { role: 'auditor' }],
      },
    })
    expect((await schedule('change', 'daily-admin', '--to', 'jane@acme.example')).err).toContain(
      'indexer.yml has no mail server',
    )
    expect((await schedule('change', 'daily-admin', '--cron', 'whenever')).err).toContain('five fields')
    expect((await schedule('change', 'daily-admin', '--to', 'channel:none')).err).toContain('no channel none')
    expect((await schedule('list')).out).toMatch(
      /^daily-admin +Daily activity of administrators +admin-activity +day/m,
    )
    expect((await schedule('run', 'daily-admin')).out).toMatch(
      /^The job ([0-9a-f]{32}) makes ".*`waybill reports download \1`/,
    )
    expect((await schedule('remove', 'daily-admin')).code).toBe(0)
    expect((await schedule('run', 'daily-admin')).code).toBe(4)
  })
})
