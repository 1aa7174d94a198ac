import { createHash } from 'node:crypto'
import { LIMITS } from '../../../schema/index.ts'
import { type Account, type Delivery, deliveryLine, type Journal } from '../journal/index.ts'
import { Refused, type Taken } from './door.ts'

/** What all records of a request have in common. */
export type Common = Pick<Delivery, 'received' | 'door' | 'from' | 'subject'>

/** How long a request waits for room in the journal, ms. After that the sender is asked to repeat it. */
const WAIT_MS = 2000
const RETRY_SECONDS = 5

/** Writes the records of a request to the journal, and resolves when all are synced. Either all are written, or none. */
export async function store(
  journal: Journal,
  account: Account,
  common: Common,
  records: readonly Taken[],
): Promise<void> {
  const lines = records.map(({ bytes, route, key }) => {
    const isLong = bytes.length > LIMITS.recordBytes
    const truncated = isLong
      ? { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
      : null
    return {
      line: deliveryLine({ ...common, route, key, truncated }),
      bytes: isLong ? bytes.subarray(0, LIMITS.recordBytes) : bytes,
    }
  })
  const size = lines.reduce((sum, { line, bytes }) => sum + line.length + bytes.length + AROUND, 0)
  if (!journal.couldHold(size)) {
    throw new Refused(
      413,
      `The request needs ${size} bytes of the journal, more than journal.limit leaves to one sender. Send fewer records at a time, or raise that limit.`,
    )
  }
  if (!(await hasRoom(journal, account, size)))
    throw new Refused(429, 'The journal has no room at present. Send it again later.', RETRY_SECONDS)
  await new Promise<void>((resolve) => {
    let unsynced = 0
    const writer = {
      synced: (bytes: number) => {
        unsynced -= bytes
        if (unsynced === 0) resolve()
      },
    }
    for (const { line, bytes } of lines) unsynced += journal.append(line, account, bytes, writer)
    if (lines.length === 0) resolve()
  })
}

/** More than a record of the journal has beside its line and its bytes. */
const AROUND = 64

async function hasRoom(journal: Journal, account: Account, size: number): Promise<boolean> {
  const end = performance.now() + WAIT_MS
  for (;;) {
    if (journal.hasRoom(account, size)) return true
    const left = end - performance.now()
    if (left <= 0) return false
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        journal.forgetWaker(wake)
        resolve()
      }
      const timer = setTimeout(wake, left)
      journal.whenRoom(wake)
    })
  }
}
