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
 * Returns the existing segments, oldest first. An incomplete record at the end of the last segment is cut off: it was never synced, so no
 * sender has an acknowledgement for it. A segment without a whole record is removed.
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

/** The end of the undamaged records. */
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
