import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import { type Destination, Folder } from './destination.ts'
import { KeyRing } from './keys.ts'
import { EXTENSION } from './layout.ts'
import { ArchiveObject } from './read.ts'
import { Bucket } from './s3/s3.ts'
import type { ArchiveConfig, S3Config } from './settings.ts'

/** The place that the settings name. */
export function destinationOf({ folder, s3 }: ArchiveConfig, now: () => number): Destination {
  if (folder !== undefined) return new Folder(folder)
  if (s3 === undefined) throw new Error('the settings were not checked: the archive has no place')
  return bucketOf(s3, now)
}

/** A bucket, for whatever needs one. */
export const bucketOf = (s3: S3Config, now: () => number): Destination =>
  new Bucket(s3, { now, ca: s3.ca === undefined ? null : readPem(s3.ca) })

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new OperatorError('WB-CERTIFICATE-INVALID', `s3.ca: ${file} can't be read (${reasonOf(thrown)})`, {
      cause: thrown,
    })
  }
}

/** An archive that is read without an indexer. */
export interface ArchiveReading {
  /** The names of all objects, sorted. */
  readonly names: readonly string[]
  /** For people. */
  readonly place: string
  /** `forAll`: it is going to be read as a whole. */
  open(name: string, how?: { readonly forAll: boolean }): Promise<ArchiveObject>
  /** A file beside the objects; null if it is not there. */
  file(name: string): Promise<Buffer | null>
  close(): Promise<void>
}

export async function readArchive(config: ArchiveConfig): Promise<ArchiveReading> {
  const destination = destinationOf(config, Date.now)
  const keys = new KeyRing(config.keys, randomBytes)
  const names: string[] = []
  for await (const { name } of destination.list('')) if (name.endsWith(EXTENSION)) names.push(name)
  return {
    names: names.sort(),
    place: `the archive in ${destination.place}`,
    open: (name, how = { forAll: false }) => ArchiveObject.open(name, { destination, keys }, how),
    async file(name) {
      const size = await destination.size(name)
      return size === null ? null : destination.read(name, 0, size)
    },
    close: () => destination.close(),
  }
}
