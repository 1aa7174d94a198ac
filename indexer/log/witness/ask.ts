import { readCheckpoint, readSize } from '../checkpoint.ts'
import { NoteError, openNote, readSignatureLine, splitNote, type VerifierKey } from '../note.ts'
import type { LogReader } from '../reader.ts'
import { requestText, SIZE_TYPE } from './request.ts'

/** A witness that this log asks. */
export interface AskedWitness {
  /** The prefix of `add-checkpoint`. */
  readonly url: string
  /** The keys of which at least one must cosign. */
  readonly keys: readonly VerifierKey[]
}

/** A cosignature has about 3.5 KB at most. */
const LARGEST_ANSWER = 64 * 1024

/**
 * Asks a witness to cosign a checkpoint, and returns the lines of its signatures, checked. `old`: the size that it cosigned last, as far as
 * known; it corrects that.
 */
export async function askWitness(
  { url, keys }: AskedWitness,
  asked: {
    readonly checkpoint: string
    readonly reader: LogReader
    readonly old: number
    readonly gone: AbortSignal
  },
): Promise<readonly string[]> {
  const { checkpoint, reader, old, gone } = asked
  const { text } = splitNote(checkpoint)
  const { size } = readCheckpoint(text)
  let before = Math.min(old, size)
  for (let attempt = 1; ; attempt++) {
    const proof = await reader.consistency(before, size)
    const answer = await fetch(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: requestText({ old: before, proof, checkpoint }),
      redirect: 'error',
      signal: gone,
    })
    const body = (await answer.text()).slice(0, LARGEST_ANSWER)
    if (answer.status === 409 && answer.headers.get('content-type')?.startsWith(SIZE_TYPE) && attempt <= 2) {
      before = readSize(body.trimEnd())
      if (before > size)
        throw new Error(
          `the witness ${url} has cosigned ${before} entries of this log, which has ${size}: the log was restored to an earlier state, or somebody else signs with its key`,
        )
      continue
    }
    if (answer.status === 422)
      throw new Error(
        `the witness ${url} says that this log contradicts what it cosigned before: ${firstLine(body)}; somebody changed the log, or signs with its key`,
      )
    if (answer.status !== 200)
      throw new Error(`the witness ${url} answers ${answer.status}: ${firstLine(body)}`)
    const lines = body.split(/(?<=\n)/)
    for (const line of lines) readSignatureLine(line)
    const known = lines.filter((line) => isBy(line, keys))
    if (known.length === 0)
      throw new NoteError('unknown-keys', `the witness ${url} signs with other keys than the settings name`)
    return openNote(`${text}\n${known.join('')}`, keys).signatures.map(({ line }) => line)
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0]?.slice(0, 200) ?? ''

function isBy(line: string, keys: readonly VerifierKey[]): boolean {
  const { name, id } = readSignatureLine(line)
  return keys.some((key) => key.name === name && key.id === id)
}
