import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { quickDisk } from '../quick-disk.ts'

const made: string[] = []
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder until the tests of the file are through. */
export function newFolder(): string {
  const folder = mkdtempSync(join(quickDisk, 'waybill-durability-'))
  made.push(folder)
  return folder
}

/** Reproducible chance, so that a failure can be run again. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export const seedOf = (): number => Number(process.env.WAYBILL_SEED ?? Date.now() % 1_000_000)
