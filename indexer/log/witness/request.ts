import { HASH_BYTES } from '../../../schema/index.ts'
import { readSize } from '../checkpoint.ts'
import { base64, NoteError } from '../note.ts'

/** What a log asks of a witness, by c2sp.org/tlog-witness: its newest checkpoint, and the proof that it continues the one before. */
export interface CosignRequest {
  /** The size of the checkpoint that the witness cosigned last. */
  readonly old: number
  readonly proof: readonly Buffer[]
  /** A signed note. */
  readonly checkpoint: string
}

const MOST_HASHES = 63
export const SIZE_TYPE = 'text/x.tlog.size'

export const requestText = ({ old, proof, checkpoint }: CosignRequest): string =>
  `${[`old ${old}`, ...proof.map((hash) => hash.toString('base64'))].join('\n')}\n\n${checkpoint}`

export function readRequest(text: string): CosignRequest {
  const end = text.indexOf('\n\n')
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  if (end === -1 || !first.startsWith('old '))
    throw new NoteError('malformed', 'the request does not begin with the old size')
  if (lines.length > MOST_HASHES)
    throw new NoteError('malformed', `a proof has at most ${MOST_HASHES} hashes`)
  const proof = lines.map((line) => {
    const hash = base64(line)
    if (hash?.length !== HASH_BYTES) throw new NoteError('malformed', 'a line of the proof is no hash')
    return hash
  })
  return { old: readSize(first.slice('old '.length)), proof, checkpoint: text.slice(end + 2) }
}
