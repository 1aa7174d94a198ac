import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { codeOf, OperatorError } from '../../schema/index.ts'
import { type Change, openState, type State } from './index.ts'
import { recover } from './recover.ts'
import { tinyDisk } from './testing/tiny-disk.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-state-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

function recordingLog() {
  const lines: string[] = []
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: pino({ level: 'debug', base: null }, to), lines }
}

const silent = pino({ level: 'silent' })
async function open(dir: string, compactAt = 1e9): Promise<State> {
  const state = await openState(dir, { log: silent, sync: false, compactAt })
  onTestFinished(() => state.close())
  return state
}

/** The content that an agent would find if it started on this folder now. */
async function contentIn(dir: string): Promise<Record<string, unknown>> {
  const state = await openState(dir, { log: silent, sync: false })
  const content = contentOf(state)
  await state.close()
  return content
}

/** A copy of the disk at this moment, as if the process had been killed. */
async function killedCopy(dir: string): Promise<string> {
  const copy = await folder()
  await cp(dir, copy, { recursive: true })
  return copy
}

const contentOf = (state: State): Record<string, unknown> => Object.fromEntries([...state.entries('')].sort())

async function fileNames(dir: string, kind: string): Promise<string[]> {
  const number = (name: string): number => Number(/\d+/.exec(name)?.[0])
  const names = (await readdir(dir)).filter((name) => name.endsWith(kind))
  return names.sort((a, b) => number(a) - number(b))
}

describe('the state', () => {
  it('has after a restart what was written, and nothing that was deleted', async () => {
    const dir = await folder()
    const first = await openState(dir, { log: silent })
    await first.write([
      { key: 'chain', value: { sequence: 1 } },
      { key: 'source/a', value: { position: 10 } },
    ])
    await first.write([{ key: 'source/b', value: [1, 2, null, 'ü'] }])
    await first.write([{ key: 'chain', value: undefined }])
    await first.close()
    const again = await openState(dir, { log: silent })
    expect(contentOf(again)).toEqual({ 'source/a': { position: 10 }, 'source/b': [1, 2, null, 'ü'] })
    expect([...again.entries('source/')].map(([key]) => key).sort()).toEqual(['source/a', 'source/b'])
    await again.close()
  })

  it('shows a write only once it is on the disk, as a restart would show it', async () => {
    const state = await open(await folder())
    const value = { kept: 1, left: undefined }
    const written = state.write([{ key: 'k', value }])
    expect(state.get('k')).toBeUndefined()
    await written
    value.kept = 2
    expect(state.get('k')).toStrictEqual({ kept: 1 })
    await state.close()
    await expect(state.write([{ key: 'k', value: 1 }])).rejects.toThrow('closed')
  })

  it('takes writes made at once in their order', async () => {
    const dir = await folder()
    const state = await openState(dir, { log: silent })
    await Promise.all(Array.from({ length: 500 }, (_, n) => state.write([{ key: 'n', value: n }])))
    expect(state.get('n')).toBe(499)
    await state.close()
    expect(await contentIn(dir)).toEqual({ n: 499 })
  })

  it('cut off at any byte, it is what the first so many writes made', async () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.option(fc.jsonValue({ maxDepth: 1 }), { nil: undefined }),
    })
    const writes = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 0, max: 64 }), async (all, zeros) => {
        const dir = await mkdtemp(join(tmpdir(), 'waybill-state-'))
        try {
          const state = await openState(dir, { log: silent, sync: false })
          const after = [JSON.stringify(contentOf(state))]
          for (const changes of all) {
            await state.write(changes as Change[])
            after.push(JSON.stringify(contentOf(state)))
          }
          const name = (await fileNames(dir, 'journal')).at(-1)!
          const journal = await readFile(join(dir, name))
          let reached = 0
          const copy = `${dir}-cut`
          await cp(dir, copy, { recursive: true })
          for (let cut = journal.indexOf(10) + 1; cut <= journal.length; cut++) {
            // After a power loss the rest of a block may contain zeros.
            await writeFile(join(copy, name), Buffer.concat([journal.subarray(0, cut), Buffer.alloc(zeros)]))
            const { table } = await recover(copy, silent)
            const found = JSON.stringify(Object.fromEntries([...table].sort()))
            while (reached < after.length && after[reached] !== found) reached++
            expect(reached, `cut at ${cut} of ${journal.length}`).toBeLessThan(after.length)
          }
          expect(after[reached]).toBe(after.at(-1))
          expect(JSON.stringify(await contentIn(copy))).toBe(after.at(-1))
          await rm(copy, { recursive: true })
          await state.close()
        } finally {
          await rm(dir, { recursive: true, force: true })
        }
      }),
      { numRuns: process.env.WAYBILL_FULL ? 60 : 10 },
    )
  }, 120_000)

  it('goes on after a torn last record, and says that it was cut off', async () => {
    const living = await folder()
    const first = await open(living)
    await first.write([{ key: 'a', value: 1 }])
    await first.write([{ key: 'a', value: 2 }])
    const dir = await killedCopy(living)
    const name = (await fileNames(dir, 'journal')).at(-1)!
    await truncate(join(dir, name), (await readFile(join(dir, name))).length - 3)
    const { log, lines } = recordingLog()
    const again = await openState(dir, { log, sync: false })
    expect(again.get('a')).toBe(1)
    expect(lines.join()).toContain('was incomplete')
    await again.write([{ key: 'b', value: 3 }])
    await again.close()
    expect(await contentIn(dir)).toEqual({ a: 1, b: 3 })
  })

  for (const [damage, content] of [
    ['empty', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(500)],
    ['garbage', Buffer.from('no state at all')],
  ] as const) {
    it(`stopped cleanly, it survives any one of its files becoming ${damage}`, async () => {
      const dir = await folder()
      for (let life = 0; life < 3; life++) {
        const state = await open(dir, 200)
        for (let n = 0; n < 10; n++) await state.write([{ key: `k${n}`, value: `${life} ${n}` }])
        await state.close()
      }
      const names = await readdir(dir)
      expect(names).toHaveLength(4)
      for (const name of names) {
        const copy = `${dir}-damaged`
        await cp(dir, copy, { recursive: true })
        await writeFile(join(copy, name), content)
        const { log, lines } = recordingLog()
        const state = await openState(copy, { log, sync: false })
        expect(state.get('k9'), name).toBe('2 9')
        if (name === (await fileNames(dir, 'snapshot')).at(-1)) expect(lines.join()).toContain(name)
        await state.write([{ key: 'k9', value: 'on' }])
        await state.close()
        expect(await contentIn(copy)).toMatchObject({ k9: 'on' })
        await rm(copy, { recursive: true })
      }
    })
  }

  it('killed, and then its journal lost, it falls back to its snapshot and says so', async () => {
    const living = await folder()
    const first = await open(living)
    await first.write([{ key: 'a', value: 1 }])
    await first.close()
    const second = await open(living)
    await second.write([{ key: 'a', value: 2 }])
    const dir = await killedCopy(living)
    await truncate(join(dir, (await fileNames(dir, 'journal')).at(-1)!), 0)
    const { log, lines } = recordingLog()
    const state = await openState(dir, { log, sync: false })
    expect(state.get('a')).toBe(1)
    expect(lines.join()).toContain('the journal of the state is damaged')
    await state.close()
  })

  it('with no readable snapshot it refuses to begin anew, and names the remedy', async () => {
    const dir = await folder()
    for (let life = 0; life < 3; life++) {
      const state = await open(dir)
      await state.write([{ key: 'a', value: life }])
      await state.close()
    }
    for (const name of await fileNames(dir, 'snapshot')) await truncate(join(dir, name), 0)
    await expect(open(dir)).rejects.toThrow(OperatorError)
    await expect(open(dir)).rejects.toThrow('Restore the folder from a backup')
  })

  it('refuses what a newer version wrote, and leaves it alone', async () => {
    const dir = await folder()
    const state = await open(dir)
    await state.write([{ key: 'a', value: 1 }])
    await state.close()
    const name = (await fileNames(dir, 'snapshot')).at(-1)!
    const content = (await readFile(join(dir, name), 'latin1')).replace('waybill-state 1', 'waybill-state 7')
    await writeFile(join(dir, name), content, 'latin1')
    await expect(open(dir)).rejects.toThrow('newer waybill-agent (state version 7)')
    expect(await readFile(join(dir, name), 'latin1')).toBe(content)
  })

  it('keeps its journal short', async () => {
    const dir = await folder()
    const state = await open(dir, 2000)
    for (let n = 0; n < 500; n++) await state.write([{ key: `k${n % 5}`, value: n }])
    const names = await readdir(dir)
    expect(names.length).toBe(4)
    for (const name of names) expect((await readFile(join(dir, name))).length).toBeLessThan(3000)
    expect(state.get('k4')).toBe(499)
  })

  it('a full disk refuses a write, applies nothing of it, and takes the next when there is room', async (test) => {
    const disk = tinyDisk(128 * 1024)
    if (disk === null) return test.skip('this user may not mount a file system of its own')
    onTestFinished(() => disk.release())
    const dir = join(disk.dir, 'state')
    const state = await openState(dir, { log: silent, compactAt: 8 * 1024 })
    let n = 0
    await state.write([{ key: 'n', value: n }])
    const ballast = join(disk.dir, 'ballast')
    await writeFile(ballast, Buffer.alloc(100 * 1024))
    let problem: unknown = null
    while (problem === null && n < 10_000) {
      const next = n + 1
      const filler = { key: `filler/${next % 7}`, value: 'x'.repeat(900) }
      await state.write([{ key: 'n', value: next }, filler, { key: 'm', value: next }]).then(
        () => {
          n = next
        },
        (thrown: unknown) => {
          problem = thrown
        },
      )
    }
    expect(codeOf(problem)).toBe('ENOSPC')
    expect(state.get('n')).toBe(n)
    expect(state.get('m')).toBe(n)
    // After a kill at this moment, it would have the confirmed values.
    expect(await contentIn(await killedCopy(dir))).toMatchObject({ n, m: n })
    await rm(ballast)
    await state.write([{ key: 'n', value: -1 }])
    expect(state.get('n')).toBe(-1)
    await state.close()
    expect(await contentIn(dir)).toMatchObject({ n: -1, m: n })
  })

  it('killed at any moment, also in the middle of compaction, it has every confirmed write and no half of one', async () => {
    const dir = await folder()
    const lives = process.env.WAYBILL_FULL ? 100 : 8
    let confirmed = 0
    for (let life = 0; life < lives; life++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/counting-writer.ts'), dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = new Promise((resolve) => child.once('close', resolve))
      const until = confirmed + 5 + Math.floor(Math.random() * 60)
      for await (const line of createInterface({ input: child.stdout })) {
        confirmed = Math.max(confirmed, Number(line))
        if (confirmed >= until) child.kill('SIGKILL')
      }
      await ended
      const found = await contentIn(await killedCopy(dir))
      const left = Number(found.left ?? 0)
      expect(left).toBeGreaterThanOrEqual(confirmed)
      expect(found.right ?? 0).toBe(left)
      expect(Object.keys(found).filter((key) => key.startsWith('one/'))).toHaveLength(Math.min(20, left))
    }
  }, 120_000)
})
