import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** What a partition's database is called from the moment it has expired: whoever finds one finishes what was begun. */
export const EXPIRED = '.expired'

/** The act itself: before, all of the partition is there, and after, nothing of it is looked at any more. */
export function setAside(folder: string, partition: string): void {
  renameSync(join(folder, `${partition}.db`), join(folder, `${partition}${EXPIRED}`))
  // Else a power failure could bring back the database, without the segments that are removed next.
  const open = openSync(folder, 'r')
  fsyncSync(open)
  closeSync(open)
}

/** Removes the files of a partition that was set aside, the mark last. */
export function clearExpired(folder: string, partition: string): void {
  for (const file of readdirSync(folder))
    if (file.startsWith(`${partition}.`) && !file.endsWith(EXPIRED)) rmSync(join(folder, file))
  rmSync(join(folder, `${partition}${EXPIRED}`))
}
