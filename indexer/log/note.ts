import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { readCheckpoint } from './checkpoint.ts'

/**
 * Signed notes as c2sp.org/signed-note describes them: a text, an empty line, and a line for each signature. A reader knows some
 * keys, and ignores the signatures of others.
 */

/**
 * The types of signatures that we make or check, with their identifier bytes. `ed25519` signs the text. The two cosignatures
 * (c2sp.org/tlog-cosignature) sign a checkpoint with a time. `ml-dsa-44-note` signs any text: the specification has no such type, and
 * leaves 0xff with a longer identifier for it.
 */
const TYPES = {
  ed25519: Buffer.from([0x01]),
  'ed25519-cosignature': Buffer.from([0x04]),
  'ml-dsa-44-cosignature': Buffer.from([0x06]),
  'ml-dsa-44-note': Buffer.concat([Buffer.from([0xff]), Buffer.from('waybill/ml-dsa-44-note/v1')]),
} as const
export type SignatureType = keyof typeof TYPES

/** The DER of a public key is this prefix and the key's own bytes. */
const ALGORITHMS = {
  ed25519: { spki: Buffer.from('302a300506032b6570032100', 'hex'), key: 32, signature: 64 },
  'ml-dsa-44': {
    spki: Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
    key: 1312,
    signature: 2420,
  },
} as const
export type Algorithm = keyof typeof ALGORITHMS
export const algorithmOf = (type: SignatureType): Algorithm =>
  type.startsWith('ed25519') ? 'ed25519' : 'ml-dsa-44'
const isTimed = (type: SignatureType): boolean => type.endsWith('-cosignature')

/** More signatures than any honest note has. */
const MOST_SIGNATURES = 100
const ID_BYTES = 4
const TIME_BYTES = 8

/** A key that somebody trusts, under the name by which it signs. */
export interface VerifierKey {
  readonly name: string
  /** The first bytes of a hash, in hex: with the name it finds the key of a signature. */
  readonly id: string
  readonly type: SignatureType
  readonly publicKey: KeyObject
}

export interface NoteSignature {
  readonly key: VerifierKey
  /** Seconds since the epoch; null for a type without a time, or a signature that says nothing about the time. */
  readonly time: number | null
  /** As it is in the note, with its newline. */
  readonly line: string
}

export interface OpenedNote {
  readonly text: string
  /** Those of known keys, in their order in the note. */
  readonly signatures: readonly NoteSignature[]
}

/** Why a note is not believed. */
export class NoteError extends Error {
  override name = 'NoteError'
  readonly reason: 'malformed' | 'wrong-signature' | 'unknown-keys' | 'wrong-proof'

  constructor(reason: NoteError['reason'], sentence: string) {
    super(sentence)
    this.reason = reason
  }
}

/** Returns the key's own bytes. */
export function keyBytes(publicKey: KeyObject): Buffer {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  for (const { spki, key } of Object.values(ALGORITHMS))
    if (der.length === spki.length + key && der.subarray(0, spki.length).equals(spki))
      return der.subarray(spki.length)
  throw new NoteError('malformed', 'the key is neither Ed25519 nor ML-DSA-44')
}

export function verifierKey(name: string, type: SignatureType, publicKey: KeyObject): VerifierKey {
  if (!isKeyName(name)) throw new NoteError('malformed', `"${name}" can't be the name of a key`)
  const bytes = keyBytes(publicKey)
  if (bytes.length !== ALGORITHMS[algorithmOf(type)].key)
    throw new NoteError('malformed', `a key for ${type} has another length than ${bytes.length} bytes`)
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), TYPES[type], bytes]), 'buffer')
  return { name, id: id.subarray(0, ID_BYTES).toString('hex'), type, publicKey }
}

/** A name is not empty, and has neither spaces nor a plus. */
export const isKeyName = (name: string): boolean => name !== '' && !/[\s\u0085+\p{Cc}]/u.test(name)

/** Writes a key as people exchange it: `name+id+key`. */
export const verifierKeyText = ({ name, id, type, publicKey }: VerifierKey): string =>
  `${name}+${id}+${Buffer.concat([TYPES[type], keyBytes(publicKey)]).toString('base64')}`

export function readVerifierKey(text: string): VerifierKey {
  const [name = '', id = '', ...rest] = text.split('+')
  const bytes = base64(rest.join('+'))
  if (bytes === null || !/^[0-9a-f]{8}$/.test(id) || !isKeyName(name))
    throw new NoteError('malformed', `"${text.slice(0, 80)}" is no verifier key: expected name+id+key`)
  for (const [type, mark] of Object.entries(TYPES) as [SignatureType, Buffer][]) {
    const { spki, key } = ALGORITHMS[algorithmOf(type)]
    if (bytes.length !== mark.length + key || !bytes.subarray(0, mark.length).equals(mark)) continue
    const publicKey = createPublicKey({
      key: Buffer.concat([spki, bytes.subarray(mark.length)]),
      format: 'der',
      type: 'spki',
    })
    const found = verifierKey(name, type, publicKey)
    if (found.id !== id)
      throw new NoteError(
        'malformed',
        `the id ${id} does not belong to the key of ${name}: part of it was changed`,
      )
    return found
  }
  throw new NoteError('malformed', `the key of ${name} has a type that is not known here`)
}

/** Returns what a key of this type signs. */
export function signedBytes(type: SignatureType, name: string, text: string, time: number): Buffer {
  if (type === 'ed25519-cosignature') return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
  if (type !== 'ml-dsa-44-cosignature') return Buffer.from(text)
  const { origin, size, root } = readCheckpoint(text)
  return Buffer.concat([
    Buffer.from('subtree/v1\n\0'),
    withLength(name),
    uint64(time),
    withLength(origin),
    uint64(0),
    uint64(size),
    root,
  ])
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length < 1 || bytes.length > 255)
    throw new NoteError(
      'malformed',
      `the name ${text.slice(0, 40)} has ${bytes.length} bytes; 1 to 255 can be signed`,
    )
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** A key that can sign, wherever its private half is. */
export interface SigningKey {
  readonly verifier: VerifierKey
  readonly sign: (message: Buffer) => Promise<Buffer>
}

/** Signs a text, and returns the line for its note. `time` in seconds; types without a time ignore it. */
export async function signatureLine(
  text: string,
  { verifier, sign }: SigningKey,
  time: number,
): Promise<string> {
  const { name, id, type, publicKey } = verifier
  const message = signedBytes(type, name, text, time)
  const signature = await sign(message)
  // A key elsewhere may have been replaced: a wrong signature must not get out.
  if (!verify(null, message, publicKey, signature))
    throw new NoteError('wrong-signature', `what signs for ${name} does not use the key ${id}`)
  return lineOf(name, id, isTimed(type) ? Buffer.concat([uint64(time), signature]) : signature)
}

const lineOf = (name: string, id: string, signature: Buffer): string =>
  `— ${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}\n`

export const noteOf = (text: string, lines: readonly string[]): string => `${text}\n${lines.join('')}`

interface SignatureLine {
  readonly name: string
  readonly id: string
  readonly signature: Buffer
  readonly line: string
}

/** Takes a note apart, without belief. */
export function splitNote(note: string): { text: string; lines: readonly SignatureLine[] } {
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.isWellFormed())
    throw new NoteError('malformed', 'the note has control characters, or is no UTF-8')
  const end = note.lastIndexOf('\n\n')
  if (end === -1 || !note.endsWith('\n')) throw new NoteError('malformed', 'the note has no signatures')
  const text = note.slice(0, end + 1)
  const signed = note.slice(end + 2, -1).split('\n')
  if (signed.length > MOST_SIGNATURES)
    throw new NoteError('malformed', `the note has more than ${MOST_SIGNATURES} signatures`)
  return { text, lines: signed.map((line) => readSignatureLine(`${line}\n`)) }
}

export function readSignatureLine(line: string): SignatureLine {
  const [, name = '', encoded = ''] = /^— (\S+) ([A-Za-z0-9+/=]+)\n$/u.exec(line) ?? []
  const bytes = base64(encoded)
  if (!isKeyName(name) || bytes === null || bytes.length <= ID_BYTES)
    throw new NoteError('malformed', `"${line.trimEnd().slice(0, 80)}" is no signature of a note`)
  return {
    name,
    id: bytes.subarray(0, ID_BYTES).toString('hex'),
    signature: bytes.subarray(ID_BYTES),
    line,
  }
}

/**
 * Checks a note with the keys that the reader trusts. Throws a `NoteError` if none of them signed it, or a signature of one of them is
 * wrong.
 */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const { text, lines } = splitNote(note)
  const signatures: NoteSignature[] = []
  for (const { name, id, signature, line } of lines) {
    const key = keys.find((one) => one.name === name && one.id === id)
    if (key === undefined || signatures.some((one) => one.key === key)) continue
    const time = timeOf(key, text, signature)
    if (time === undefined)
      throw new NoteError('wrong-signature', `the signature of ${name} (key ${id}) is wrong`)
    signatures.push({ key, time, line })
  }
  if (signatures.length === 0) {
    const names = [...new Set(lines.map((line) => `${line.name} (key ${line.id})`))].join(', ')
    throw new NoteError('unknown-keys', `no trusted key signed it; the signatures are of ${names}`)
  }
  return { text, signatures }
}

/** The time of a correct signature; undefined if it is wrong. */
function timeOf(
  { name, type, publicKey }: VerifierKey,
  text: string,
  bytes: Buffer,
): number | null | undefined {
  const timed = isTimed(type)
  if (bytes.length !== ALGORITHMS[algorithmOf(type)].signature + (timed ? TIME_BYTES : 0)) return undefined
  const time = timed ? Number(bytes.readBigUInt64BE()) : 0
  if (!Number.isSafeInteger(time)) return undefined
  const message = signedBytes(type, name, text, time)
  if (!verify(null, message, publicKey, timed ? bytes.subarray(TIME_BYTES) : bytes)) return undefined
  return time === 0 ? null : time
}

/** Standard base64 with its padding; null for anything else. */
export function base64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}
