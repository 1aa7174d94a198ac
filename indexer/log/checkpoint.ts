import { HASH_BYTES } from '../../schema/index.ts'
import { base64, NoteError } from './note.ts'

/** The head of a log at one size, as c2sp.org/tlog-checkpoint writes it. */
export interface Checkpoint {
  /** The name of the log, which never changes. */
  readonly origin: string
  readonly size: number
  readonly root: Buffer
}

export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`

/** Reads the text of a checkpoint's note. Lines after the third are not ours to understand. */
export function readCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  const [origin = '', size = '', hash = ''] = lines
  const root = base64(hash)
  if (lines.length < 4 || lines.pop() !== '' || lines.includes(''))
    throw new NoteError('malformed', 'a checkpoint has at least three lines, and none is empty')
  if (root?.length !== HASH_BYTES)
    throw new NoteError('malformed', 'the third line of the checkpoint is no hash')
  return { origin, size: readSize(size), root }
}

/** A size or an index, in decimal. */
export function readSize(text: string): number {
  const size = /^(0|[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(size))
    throw new NoteError('malformed', `"${text.slice(0, 40)}" is no size of a log`)
  return size
}
