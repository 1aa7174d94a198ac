import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
const ROOM = 2 * 1024 ** 3

/**
 * The system's temporary folder, or memory that looks like a disk if it has room. Tests sync thousands of times: while others write to the
 * same disk, that took most of their time. `test/durability` tests the promises of a sync, by records of calls.
 */
export const quickDisk = hasRoom() ? MEMORY : tmpdir()

function hasRoom(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= ROOM
  } catch {
    return false
  }
}
