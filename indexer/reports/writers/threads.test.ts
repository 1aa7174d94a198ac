import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportRow, RowPages } from '../document.ts'
import { openWriters, type WriteRequest, writeFile } from './index.ts'
import { documentOf, pagesOf, rowOf } from './testing/documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'waybill-threads-'))
const writers = openWriters()
afterAll(async () => {
  await writers.close()
  rmSync(folder, { recursive: true })
})
const path = join(folder, 'file')
const ROWS = Array.from({ length: 1200 }, (_, i) => rowOf(i))

const asked = (more: Partial<WriteRequest> = {}): WriteRequest => ({
  format: 'csv',
  document: documentOf({ count: ROWS.length }),
  rows: pagesOf(ROWS),
  path,
  signal: new AbortController().signal,
  report: () => {},
  ...more,
})

describe('writers in threads', () => {
  it.each(['csv', 'json', 'ndjson', 'pdf'] as const)('write %s as this thread would', async (format) => {
    const written = await writers.write(asked({ format }))
    const here = await writeFile(asked({ format, path: join(folder, 'here') }))
    expect(written).toEqual(here)
    expect(written.rows).toBe(ROWS.length)
  })

  it('hash a PDF without the room for its proof', async () => {
    const { sha256, proof, bytes } = await writers.write(asked({ format: 'pdf' }))
    const content = readFileSync(path)
    const room = content.subarray(proof!.offset, proof!.offset + proof!.length)
    expect(room.toString()).toBe(' '.repeat(24 * 1024))
    const hash = createHash('sha256').update(content.subarray(0, proof!.offset))
    hash.update(content.subarray(proof!.offset + proof!.length))
    expect(hash.digest('hex')).toBe(sha256)
    expect(content.length).toBe(bytes)
  })

  it('say how far they are', async () => {
    const reported: number[] = []
    await writers.write(asked({ report: (count) => reported.push(count) }))
    expect(reported.at(-1)).toBe(ROWS.length)
  })

  it.each(['csv', 'pdf'] as const)('leave nothing of a %s that somebody cancels', async (format) => {
    const stop = new AbortController()
    async function* pages(): RowPages {
      yield ROWS.slice(0, 10)
      stop.abort(new Error('not wanted any more'))
      yield ROWS.slice(0, 10)
    }
    await expect(writers.write(asked({ format, rows: pages(), signal: stop.signal }))).rejects.toThrow(
      'not wanted any more',
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('file'))).toEqual([])
  })

  it('hand on why the rows failed', async () => {
    async function* pages(): RowPages {
      yield ROWS.slice(0, 10)
      throw new Error('the store is closed')
    }
    await expect(writers.write(asked({ rows: pages() }))).rejects.toThrow('the store is closed')
    expect(existsSync(path)).toBe(false)
  })

  it.skipIf(!existsSync('/dev/full'))('hand on that the disk is full', async () => {
    const full = join(folder, 'full')
    symlinkSync('/dev/full', full)
    await expect(writers.write(asked({ path: full }))).rejects.toMatchObject({
      name: 'OperatorError',
      code: 'WB-STORE-FULL',
    })
  })

  it('reject when their thread crashes, and remove its file', async () => {
    const module = join(folder, 'crash.mjs')
    writeFileSync(
      module,
      `import { writeFileSync } from 'node:fs'
       import { workerData } from 'node:worker_threads'
       writeFileSync(workerData.path, 'half')
       process.exit(3)`,
    )
    const crashing = openWriters({ module: pathToFileURL(module) })
    await expect(crashing.write(asked())).rejects.toThrow('ended before it was done')
    expect(existsSync(path)).toBe(false)
  })

  it('cancel what they write when they close', async () => {
    const closing = openWriters()
    const never = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    async function* pages(): RowPages {
      yield ROWS.slice(0, 10) as readonly ReportRow[]
      begun.resolve()
      await never.promise
    }
    const writing = closing.write(asked({ rows: pages() }))
    const failed = expect(writing).rejects.toThrow('closing')
    await begun.promise
    const closed = closing.close()
    never.resolve()
    await closed
    await failed
    expect(existsSync(path)).toBe(false)
  })
})
