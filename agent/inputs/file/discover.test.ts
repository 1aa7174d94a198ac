import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { matchingFiles } from './index.ts'
import { numbered, numbers, until, Workbench } from './workbench.ts'

let bench: Workbench
beforeEach(() => {
  bench = new Workbench()
})
afterEach(() => bench.close())

const read = (...paths: string[]): void => {
  bench.files = bench.files.map((file) => ({ ...file, paths: paths.map((path) => join(bench.logs, path)) }))
}

function write(path: string, text: string): void {
  mkdirSync(join(bench.path(path), '..'), { recursive: true })
  writeFileSync(bench.path(path), text)
}

describe('globs', () => {
  it('find files in folders below, and leave out what is excluded', async () => {
    for (const path of [
      'a.log',
      'x/b.log',
      'x/y/c.log',
      'x/y/d.txt',
      'skip/e.log',
      'x/debug.log',
      '.h/f.log',
    ])
      write(path, `${path}\n`)
    read('**/*.log')
    bench.files = bench.files.map((file) => ({ ...file, exclude: [join(bench.logs, 'skip/**'), 'debug.*'] }))
    await bench.start()
    await bench.drain()
    expect(bench.records.sort()).toEqual(['a.log', 'x/b.log', 'x/y/c.log'])
  })

  it.each([
    ['*/*.log', ['x/b.log']],
    ['{x,z}/**/[bc].log', ['x/b.log', 'x/y/c.log']],
    ['x/b.log', ['x/b.log']],
    ['x/?.{log,txt}', ['x/b.log']],
    ['.h/*.log', ['.h/f.log']],
  ])('%s', async (glob, expected) => {
    for (const path of ['a.log', 'x/b.log', 'x/y/c.log', '.h/f.log']) write(path, `${path}\n`)
    const { files, problems } = await matchingFiles({ paths: [join(bench.logs, glob)], exclude: [] })
    expect(files.map((file) => file.slice(bench.logs.length + 1))).toEqual(expected)
    expect(problems).toEqual([])
  })

  it('a file that two entries name is read once, by the first', async () => {
    bench.files = [bench.files[0]!, { ...bench.files[0]!, paths: [bench.path('a.log')], pipeline: 1 }]
    write('a.log', numbered(0, 3))
    await bench.start()
    await bench.drain()
    expect(bench.readings.map((reading) => reading.slice.pipeline)).toEqual([0, 0, 0])
  })

  it('a file that several links lead to is read once', async () => {
    write('a.log', numbered(0, 3))
    symlinkSync(bench.path('a.log'), bench.path('b.log'))
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 3))
  })

  it('a circle of symbolic links ends', async () => {
    write('x/a.log', numbered(0, 3))
    symlinkSync(bench.logs, bench.path('x/up'))
    symlinkSync('self', bench.path('self'))
    read('**/*')
    await bench.start()
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 3))
  })

  it('a folder that is not there yet is looked into when it appears', async () => {
    read('later/deep/*.log')
    await bench.start()
    await bench.drain()
    write('later/deep/a.log', numbered(0, 3))
    await bench.readUntil(() => bench.readings.length === 3, 'the file is read')
  })
})

describe('what is no file', () => {
  it('a FIFO and a socket in the glob are passed over, with a sentence', async () => {
    execFileSync('mkfifo', [bench.path('pipe.log')])
    const server = createServer().listen(bench.path('socket.log'))
    try {
      await until(() => existsSync(bench.path('socket.log')), 'the socket is there')
      write('a.log', numbered(0, 3))
      await bench.start()
      await bench.drain()
      expect(bench.records).toEqual(numbers(0, 3))
      expect(bench.hasSaid(/pipe\.log is a named pipe, not a file; the agent ignores it/)).toBe(true)
      expect(bench.hasSaid(/socket\.log is a socket/)).toBe(true)
    } finally {
      server.close()
    }
  })

  it('a file that becomes a FIFO does not stop the agent', async () => {
    write('a.log', numbered(0, 3))
    await bench.start()
    await bench.drain()
    unlinkSync(bench.path('a.log'))
    execFileSync('mkfifo', [bench.path('a.log')])
    write('b.log', numbered(3, 5))
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 5))
  })
})

/** A removed permission has no effect for root. */
const nobody = 65534
const isRoot = process.geteuid?.() === 0

describe('a right that is taken away', () => {
  beforeEach(() => {
    if (!isRoot) return
    for (const folder of [bench.folder, bench.logs]) chownSync(folder, nobody, nobody)
    process.seteuid?.(nobody)
  })
  afterEach(() => {
    if (isRoot) process.seteuid?.(0)
  })

  it('blocks the file with a sentence, and reading goes on when it is given back', async () => {
    write('a.log', numbered(0, 3))
    write('b.log', numbered(10, 13))
    await bench.start()
    await bench.drain()
    appendFileSync(bench.path('a.log'), numbered(3, 6))
    chmodSync(bench.path('a.log'), 0)
    await bench.stop()
    await bench.start()
    appendFileSync(bench.path('b.log'), numbered(13, 14))
    await bench.readUntil(() => bench.readings.length === 7, 'the other file is read')
    const blocked = bench.running.status().find((one) => one.path.endsWith('a.log'))
    expect(blocked).toMatchObject({ state: 'blocked' })
    expect(blocked?.problem).toMatch(/a\.log can't be read: the agent's user may not read it/)
    chmodSync(bench.path('a.log'), 0o644)
    await bench.readUntil(() => bench.readings.length === 10, 'the file is read on')
    expect(bench.running.status().every((one) => one.problem === null)).toBe(true)
  })

  it('from a file that was never read is said, and nothing is lost', async () => {
    write('a.log', numbered(0, 3))
    chmodSync(bench.path('a.log'), 0)
    await bench.start()
    await bench.running.sweep()
    expect(bench.running.status()).toMatchObject([{ state: 'blocked', path: bench.path('a.log') }])
    chmodSync(bench.path('a.log'), 0o644)
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 3))
    expect(bench.running.status()).toMatchObject([{ state: 'idle', problem: null }])
  })

  it('from a folder makes no file seem deleted', async () => {
    write('a.log', numbered(0, 3))
    await bench.start()
    await bench.drain()
    chmodSync(bench.logs, 0)
    for (let i = 0; i < 3; i += 1) await bench.running.sweep()
    expect(bench.running.status().some((one) => one.state === 'blocked')).toBe(true)
    chmodSync(bench.logs, 0o755)
    appendFileSync(bench.path('a.log'), numbered(3, 6))
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 6))
  })
})

describe('descriptors', () => {
  it('of files that are read and quiet are closed', async () => {
    for (let i = 0; i < 50; i += 1) write(`${i}.log`, numbered(0, 3))
    await bench.start()
    await bench.drain()
    const open = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => {
        const target = spawnSync('readlink', [`/proc/${process.pid}/fd/${fd}`]).stdout.toString()
        return target.startsWith(bench.logs)
      }).length
    await until(async () => {
      await bench.running.sweep()
      return open() === 0
    }, 'no descriptor is open')
  })

  it('are few, however many files there are to read', async () => {
    bench.policy = { ...bench.policy, openFiles: 5 }
    for (let i = 0; i < 60; i += 1) write(`${i}.log`, numbered(0, 100))
    await bench.start()
    for (let i = 0; i < 30; i += 1) await bench.fill({ bytes: 5000 })
    await bench.drain()
    expect(bench.readings.length).toBe(6000)
  })

  it('may run out, and every file is read all the same', async () => {
    for (let i = 0; i < 200; i += 1) write(`${i}.log`, numbered(0, 10))
    const script = join(bench.folder, 'few.ts')
    const workbench = pathToFileURL(join(import.meta.dirname, 'workbench.ts')).href
    writeFileSync(
      script,
      `import { Workbench } from ${JSON.stringify(workbench)}
       const bench = new Workbench([{ paths: [${JSON.stringify(bench.path('*.log'))}] }])
       await bench.start()
       await bench.drain()
       console.log(bench.readings.length)
       await bench.close()`,
    )
    const answer = spawnSync('sh', ['-c', `ulimit -n 40; exec "${process.execPath}" "${script}"`], {
      encoding: 'utf8',
      timeout: 100_000,
    })
    expect(answer.stderr).toBe('')
    expect(answer.stdout.trim()).toBe('2000')
  })
})

describe('hints', () => {
  it('of a quiet folder wake the reader long before the next sweep', async () => {
    bench.policy = { ...bench.policy, sweepEvery: 3_600_000, pollEvery: 100 }
    write('a.log', numbered(0, 3))
    await bench.start()
    await bench.drain()
    await until(() => existsSync(bench.path('a.log')), 'the file is there')
    const woken = async (): Promise<boolean> => {
      const limit = AbortSignal.timeout(60_000)
      await bench.running.wait(limit)
      return !limit.aborted
    }
    // The watch is set up in the background; until then the file is polled because it grew lately.
    const first = woken()
    appendFileSync(bench.path('a.log'), numbered(3, 6))
    expect(await first).toBe(true)
    await bench.readUntil(() => bench.readings.length === 6, 'the lines are read')
    const second = woken()
    write('b.log', numbered(0, 3))
    expect(await second).toBe(true)
    await bench.readUntil(() => bench.readings.length === 9, 'the new file is read')
  })

  it('are not needed where the sweep is to do it alone', async () => {
    bench.files = bench.files.map((file) => ({ ...file, watch: false }))
    write('a.log', numbered(0, 3))
    await bench.start()
    await bench.drain()
    write('b.log', numbered(3, 6))
    await bench.readUntil(() => bench.readings.length === 6, 'the new file is read')
  })

  it('a folder that goes and comes back is read on', async () => {
    write('x/a.log', numbered(0, 3))
    read('x/*.log')
    await bench.start()
    await bench.drain()
    renameSync(bench.path('x'), bench.path('y'))
    await bench.drain()
    renameSync(bench.path('y'), bench.path('x'))
    appendFileSync(bench.path('x/a.log'), numbered(3, 6))
    await bench.drain()
    expect(bench.records).toEqual(numbers(0, 6))
    rmSync(bench.path('x'), { recursive: true })
    await bench.drain()
  })
})
