import { HASH_BYTES, leafHash, verifyInclusion } from '../../schema/index.ts'
import { type Checkpoint, readCheckpoint, readSize } from './checkpoint.ts'
import { base64, NoteError, type NoteSignature, openNote, type VerifierKey } from './note.ts'

/** A proof that an entry is in a log, as c2sp.org/tlog-proof writes it: for one who has nothing but the log's key. */
export interface LogProof {
  readonly index: number
  readonly path: readonly Buffer[]
  /** The signed checkpoint whose root the path leads to. */
  readonly checkpoint: string
  /** The entry itself, where a reader could not make it from something else. */
  readonly entry?: Buffer
}

const TITLE = 'c2sp.org/tlog-proof@v1'

export function logProofText({ index, path, checkpoint, entry }: LogProof): string {
  const extra = entry === undefined ? [] : [`extra ${entry.toString('base64')}`]
  return `${[TITLE, ...extra, `index ${index}`, ...path.map((hash) => hash.toString('base64'))].join('\n')}\n\n${checkpoint}`
}

export function readLogProof(text: string): LogProof {
  const end = text.indexOf('\n\n')
  const [title, ...lines] = text.slice(0, end).split('\n')
  if (end === -1 || title !== TITLE) throw new NoteError('malformed', `a proof begins with ${TITLE}`)
  const extra = lines[0]?.startsWith('extra ')
    ? base64(lines.shift()?.slice('extra '.length) ?? '')
    : undefined
  if (extra === null) throw new NoteError('malformed', 'the extra data of the proof is no base64')
  const [index = '', ...hashes] = lines
  if (!index.startsWith('index ')) throw new NoteError('malformed', 'the proof has no index')
  const path = hashes.map((line) => {
    const hash = base64(line)
    if (hash?.length !== HASH_BYTES)
      throw new NoteError('malformed', `"${line.slice(0, 80)}" in the proof is no hash`)
    return hash
  })
  return {
    index: readSize(index.slice('index '.length)),
    path,
    checkpoint: text.slice(end + 2),
    ...(extra !== undefined && { entry: extra }),
  }
}

/** The checkpoint that the proof leads to, if one of these keys signed it; throws a `NoteError` if it proves nothing about this entry. */
export function openLogProof(
  text: string,
  entry: Buffer,
  keys: readonly VerifierKey[],
): {
  readonly checkpoint: Checkpoint
  readonly index: number
  readonly signatures: readonly NoteSignature[]
} {
  const { index, path, checkpoint: note } = readLogProof(text)
  const { text: signed, signatures } = openNote(note, keys)
  const checkpoint = readCheckpoint(signed)
  if (!verifyInclusion(leafHash(entry), index, checkpoint.size, path, checkpoint.root))
    throw new NoteError(
      'wrong-proof',
      `the entry is not at ${index} of the log ${checkpoint.origin}, or was changed`,
    )
  return { checkpoint, index, signatures }
}
