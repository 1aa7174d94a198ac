import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** In memory where the system has a place for that: what is safe is decided by the record, and a real disk's syncs would only take time. */
function place(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}

const made: string[] = []
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A folder until the tests of the file are through. */
export function newFolder(): string {
  const folder = mkdtempSync(join(place(), 'waybill-durability-'))
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
