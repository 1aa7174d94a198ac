import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../schema/index.ts'
import { decodeWaybill, WaybillFormatError } from '../../schema/wire/index.ts'
import { syncFolder } from '../state/index.ts'
import { type Batch, batchOf, parseBatchName } from './batch.ts'

/**
 * The folders of sealed batches. A file is exactly the body of its request. It is written under a name that ends in `.tmp` and gets its
 * own name when it is complete and synced. So an incomplete file was never sent.
 *
 *   spool/<incarnation>/<batch>.waybill           to be sent
 *   spool/<incarnation>/<batch>.again.waybill     to be sent again, out of quarantine
 *   spool/<incarnation>.staging/                  batches that are being sealed again after a fork
 *   spool/<incarnation>.done/                     the earlier form of these batches, to be removed
 *   quarantine/<batch>.waybill, <batch>.json      rejected permanently, and the reason
 */
export class Spool {
  readonly root: string
  readonly quarantine: string

  constructor(dir: string) {
    this.root = join(dir, 'spool')
    this.quarantine = join(dir, 'quarantine')
  }

  folder(incarnation: string): string {
    return join(this.root, incarnation)
  }

  async makeFolders(incarnation: string): Promise<void> {
    await mkdir(this.folder(incarnation), { recursive: true, mode: 0o700 })
    await mkdir(this.quarantine, { recursive: true, mode: 0o700 })
    await syncFolder(this.root)
    await syncFolder(join(this.root, '..'))
  }

  async read(folder: string, batch: Pick<Batch, 'name' | 'again'>): Promise<Buffer> {
    return await readFile(join(folder, fileOf(batch)))
  }

  /** Writes the bytes to the disk, under a name that does not count yet: see `publish`. */
  async draft(
    folder: string,
    batch: Pick<Batch, 'name' | 'again'>,
    parts: readonly Uint8Array[],
  ): Promise<void> {
    const path = join(folder, `${fileOf(batch)}.tmp`)
    try {
      const handle = await open(path, 'w', 0o600)
      try {
        const wanted = parts.reduce((sum, part) => sum + part.length, 0)
        const { bytesWritten } = await handle.writev(parts)
        // A nearly full disk takes a part of the bytes, and reports the error only for the rest.
        if (bytesWritten < wanted) await handle.writeFile(Buffer.concat(parts).subarray(bytesWritten))
        await handle.datasync()
      } finally {
        await handle.close()
      }
    } catch (problem) {
      await unlink(path).catch(() => undefined)
      throw problem
    }
  }

  /** Gives a draft its name; it is durable once the folder is synced. */
  async publish(folder: string, batch: Pick<Batch, 'name' | 'again'>): Promise<void> {
    const path = join(folder, fileOf(batch))
    await rename(`${path}.tmp`, path)
  }

  async remove(folder: string, batch: Pick<Batch, 'name' | 'again'>): Promise<void> {
    await removeFile(join(folder, fileOf(batch)))
  }

  /** Removes a draft, published or not. */
  async forget(folder: string, batch: Pick<Batch, 'name' | 'again'>): Promise<void> {
    const path = join(folder, fileOf(batch))
    for (const file of [path, `${path}.tmp`]) {
      // A file that cannot be removed is overwritten: the next batch gets its number.
      await unlink(file).catch(() => undefined)
    }
  }

  /** Moves a batch between spool and quarantine; does nothing if it has moved already. */
  async move(from: string, to: string): Promise<boolean> {
    try {
      await rename(from, to)
      return true
    } catch (problem) {
      if (codeOf(problem) === 'ENOENT') return false
      throw problem
    }
  }

  quarantineFile(name: string): string {
    return join(this.quarantine, `${name}.waybill`)
  }

  reasonFile(name: string): string {
    return join(this.quarantine, `${name}.json`)
  }

  async removeFolder(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true })
  }
}

export const fileOf = (batch: Pick<Batch, 'name' | 'again'>): string =>
  `${batch.name}${batch.again ? '.again' : ''}.waybill`

export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((problem: unknown) => {
    if (codeOf(problem) !== 'ENOENT') throw problem
  })
}

/** The kinds of files in the folders. */
export type Found =
  | { readonly kind: 'batch'; readonly file: string; readonly batch: Batch }
  | { readonly kind: 'draft'; readonly file: string }
  | {
      readonly kind: 'damaged'
      readonly file: string
      readonly name: string
      readonly sequence: number
      readonly bytes: number
      readonly reason: string
    }

const FILE = /^(.+?)(\.again)?\.waybill(\.tmp)?$/

/**
 * Reads the batches of a folder in the order of names, which within an incarnation is the order of sequence. Files with other names are
 * ignored.
 */
export async function readFolder(folder: string): Promise<Found[]> {
  const found: Found[] = []
  for (const file of (await namesIn(folder)).sort()) {
    const match = FILE.exec(file)
    const place = match === null ? null : parseBatchName(match[1]!)
    if (match === null || place === null) continue
    if (match[3] !== undefined) {
      found.push({ kind: 'draft', file })
      continue
    }
    let bytes: Buffer
    try {
      bytes = await readFile(join(folder, file))
    } catch (problem) {
      // Another process may have settled it in the meantime, if a command reads the folder of a running agent.
      if (codeOf(problem) === 'ENOENT') continue
      throw problem
    }
    found.push(lookInto(file, match[1]!, place, bytes, match[2] !== undefined))
  }
  return found
}

function lookInto(
  file: string,
  name: string,
  place: { incarnation: string; sequence: number },
  bytes: Buffer,
  again: boolean,
): Found {
  const damaged = (reason: string): Found => {
    return { kind: 'damaged', file, name, sequence: place.sequence, bytes: bytes.length, reason }
  }
  try {
    const waybill = decodeWaybill(bytes)
    if (waybill.manifest.incarnation !== place.incarnation || waybill.manifest.sequence !== place.sequence) {
      return damaged('it holds the waybill of another batch')
    }
    return { kind: 'batch', file, batch: batchOf(waybill, bytes.length, again) }
  } catch (problem) {
    if (!(problem instanceof WaybillFormatError)) throw problem
    return damaged(bytes.length === 0 ? 'it is empty' : problem.message)
  }
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return []
    throw problem
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return false
    throw problem
  }
}
