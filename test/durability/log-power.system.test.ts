import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plainLog, rootOfEntries } from '../../indexer/log/testing/plain-reader.ts'
import { Disk, type Mood, replay } from './disk.ts'
import { chanceOf, newFolder, seedOf } from './folders.ts'
import { readTrace, traced, whyNotTraced } from './trace.ts'

const CUTS = process.env.WAYBILL_FULL === undefined ? 40 : 400
const reason = whyNotTraced()

describe.skipIf(reason !== null)('when the power is cut', () => {
  it('each head of the transparency log that the state has, has its files, and no published head is lost', async () => {
    // Only the log's folder is on the disk that loses things.
    const [root, folder] = [newFolder(), newFolder()]
    const calls = join(folder, 'calls')
    const disk = new Disk(root)
    const run = traced([join(import.meta.dirname, 'logging.ts'), join(folder, 'store'), root], calls, folder)
    let said = ''
    run.stdout.on('data', (text) => {
      said += String(text)
    })
    expect(await run.ended, said).toBe(0)
    const { entries } = plainLog(join(root, 'log'))
    expect(entries.length).toBe(267)
    const all = (await readTrace(calls, folder)).toSorted((a, b) => a.begin - b.begin)
    const ofLog = all.flatMap((call, i) =>
      call.paths.some((path) => path.startsWith(root)) || call.target.startsWith(root) ? [i] : [],
    )
    const chance = chanceOf(seedOf())
    const cuts = new Set(Array.from({ length: CUTS }, () => all[ofLog[Math.floor(chance() * ofLog.length)]!]))
    const copies = newFolder()
    let published = 0
    let made = 0
    let checked = 0
    await replay(disk, all, (_, call, part) => {
      const words =
        call.name === 'write' && call.fd === 1 && part === 'begin' ? (call.data?.toString() ?? '') : ''
      for (const [, size] of words.matchAll(/^head (\d+)$/gm)) published = Number(size)
      if (words === '' && !(cuts.has(call) && part === 'end')) return
      const mood: Mood = made % 2 === 0 ? 'nothing' : 'some'
      const copy = join(copies, String(made++))
      mkdirSync(copy)
      disk.cut(copy, mood, chance)
      const [left] = [join(copy, root.slice(root.lastIndexOf('/') + 1)), copy].filter((one) =>
        existsSync(join(one, 'log-state.json')),
      )
      const what = `cut ${made} (${mood}) after head ${published}`
      if (left === undefined) expect(published, what).toBe(0)
      else {
        const { size, checkpoint } = JSON.parse(readFileSync(join(left, 'log-state.json'), 'utf8')) as {
          size: number
          checkpoint: string
        }
        expect(size, what).toBeGreaterThanOrEqual(published)
        const log = size === 0 ? { root: rootOfEntries([]) } : plainLog(join(left, 'log'), checkpoint)
        expect(log.root, what).toBe(rootOfEntries(entries.slice(0, size)))
        checked++
      }
      rmSync(copy, { recursive: true })
    })
    expect(published).toBe(267)
    expect(checked).toBeGreaterThan(10)
  })
})
