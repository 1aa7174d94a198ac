import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSound, LONGEST_RECORD, recordEnd } from './record.ts'

const NAME = /^(\d{10})\.journal$/

export const segmentName = (number: number): string => `${String(number).padStart(10, '0')}.journal`

export interface Segment {
  readonly number: number
  readonly path: string
  readonly bytes: number
}

/**
 * The segments that are there, oldest first. What a crash tore off at the end of the last one is cut away: it was never synced, so
 * nobody was told that it is safe. One without a whole record is removed.
 */
export async function recover(folder: string): Promise<{ segments: Segment[]; next: number; torn: number }> {
  const numbers = (await readdir(folder))
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  const segments: Segment[] = []
  let torn = 0
  for (const [index, number] of numbers.entries()) {
    const path = join(folder, segmentName(number))
    const handle = await open(path, 'r+')
    try {
      const { size } = await handle.stat()
      const bytes = index === numbers.length - 1 ? await soundLength(handle, size) : size
      if (bytes < size) {
        torn += size - bytes
        await handle.truncate(bytes)
        await handle.sync()
      }
      if (bytes > 0) segments.push({ number, path, bytes })
      else await rm(path)
    } finally {
      await handle.close()
    }
  }
  return { segments, next: (numbers.at(-1) ?? 0) + 1, torn }
}

const STEP = 4 * LONGEST_RECORD

/** Up to where the records are as they were written. */
async function soundLength(handle: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(STEP, size))
  let sound = 0
  while (sound < size) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - sound), sound)
    let at = 0
    for (;;) {
      const end = recordEnd(buffer, at, bytesRead)
      if (end < 0 || !isSound(buffer, at, end)) break
      at = end
    }
    if (at === 0) break
    sound += at
  }
  return sound
}
