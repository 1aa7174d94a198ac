import { LOG_KEYS } from './keys.ts'
import {
  NoteError,
  noteOf,
  openNote,
  readVerifierKey,
  type SigningKey,
  signatureLine,
  type VerifierKey,
  verifierKey,
  verifierKeyText,
} from './note.ts'
import type { LogReader } from './reader.ts'

/**
 * A note in which the old keys of a log sign its new ones: the file `keys/1` of the log, `keys/2` and so on. Someone who trusts the first
 * key learns the others from these.
 */
const TITLE = 'waybill/log-keys/v1'

export const rotationPath = (number: number): string => `keys/${number}`

export interface Rotation {
  readonly origin: string
  /** The size of the log at that time. */
  readonly size: number
  readonly at: number
  readonly old: readonly VerifierKey[]
  readonly next: readonly VerifierKey[]
}

/** `signers`: the old keys, then the new ones, which show that they are there. */
export async function rotationNote(
  { origin, size, at, old, next }: Rotation,
  signers: readonly SigningKey[],
): Promise<string> {
  const text = [
    TITLE,
    origin,
    `size ${size}`,
    `time ${new Date(at).toISOString()}`,
    ...old.map((key) => `old ${verifierKeyText(key)}`),
    ...next.map((key) => `new ${verifierKeyText(key)}`),
    '',
  ].join('\n')
  const lines: string[] = []
  for (const signer of signers) lines.push(await signatureLine(text, signer, 0))
  return noteOf(text, lines)
}

/** The keys in use of a log, beginning with those that the reader trusts: also those that came after them. */
export async function followKeys(
  reader: LogReader,
  origin: string,
  trusted: readonly VerifierKey[],
): Promise<VerifierKey[]> {
  const known = [...trusted]
  for (let number = 1; ; number++) {
    const note = await reader.file(rotationPath(number))
    if (note === null) return known
    try {
      const { text } = openNote(note.toString('utf8'), known.map(forNotes))
      const [title, its, ...lines] = text.split('\n')
      if (title !== TITLE || its !== origin)
        throw new NoteError('malformed', `${rotationPath(number)} is about another log`)
      for (const line of lines)
        if (line.startsWith('new ')) known.push(readVerifierKey(line.slice('new '.length)))
    } catch (error) {
      // A note of keys that nobody here trusts teaches nothing.
      if (!(error instanceof NoteError) || error.reason !== 'unknown-keys') throw error
    }
  }
}

/** A key of checkpoints, as it signs other notes. */
export const forNotes = (key: VerifierKey): VerifierKey =>
  key.type === LOG_KEYS[1] ? verifierKey(key.name, 'ml-dsa-44-note', key.publicKey) : key
