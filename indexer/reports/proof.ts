import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import * as z from 'zod'
import { REPORT_FORMATS, type ReportFormat } from '../../schema/api/index.ts'
import { canonical, OperatorError, reasonOf } from '../../schema/index.ts'
import { writeDurably } from '../ingest/index.ts'
import {
  NoteError,
  type NoteSignature,
  openNote,
  readCheckpoint,
  splitNote,
  type VerifierKey,
} from '../log/index.ts'
import type { ReportDocument } from './document.ts'
import { piecesOf, type WrittenFile } from './writers/index.ts'

/**
 * The proof of a report: a statement about the file, its query and its rows, which the indexer signs with the keys of its transparency
 * log. The signed text is a signed note (c2sp.org/signed-note): a first line that no checkpoint has, and the statement as canonical JSON.
 */
const FIRST_LINE = 'waybill/report/1'
const FORMAT = 'waybill report proof'
const SUFFIX = '.proof.json'
/** A PDF has its proof in an embedded file of this name. */
export const EMBEDDED_PROOF = 'waybill-proof.json'

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const statementSchema = z.object({
  report: z.string().nullable(),
  job: z.string(),
  title: z.string(),
  query: z.string(),
  zone: z.string(),
  period: z.object({ from: z.number(), to: z.number() }),
  requested: z.object({ by: z.string(), at: z.number() }),
  verdict: z.string(),
  made: z.number(),
  file: z.object({
    name: z.string(),
    format: z.enum(REPORT_FORMATS),
    bytes: z.number(),
    rows: z.number(),
    sha256: hex,
    /** The bytes of a PDF that the hash leaves out: they hold this proof. */
    without: z.object({ offset: z.number(), length: z.number() }).nullable(),
    pieces: z.array(z.object({ is: z.string(), sha256: hex })),
  }),
  /** The newest checkpoint of the log when the report was made. */
  checkpoint: z.string().nullable(),
})
export type ReportStatement = z.output<typeof statementSchema>

const proofSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  statement: statementSchema,
  /** The signature lines of the note. */
  signatures: z.array(z.string()).min(1),
})
export type ReportProof = z.output<typeof proofSchema>

/** Signs the text of a note, and returns it with its signatures. */
export type SignNote = (text: string) => Promise<string>

const noteText = (statement: ReportStatement): string => `${FIRST_LINE}\n${canonical(statement)}\n`

/** A PDF has little room, and its pieces are few; a file of its own has all. */
export async function proofOf(statement: ReportStatement, sign: SignNote): Promise<ReportProof> {
  const { lines } = splitNote(await sign(noteText(statement)))
  return { format: FORMAT, version: 1, statement, signatures: lines.map(({ line }) => line) }
}

export interface SealRequest {
  /** Where the file is. */
  readonly path: string
  /** The name by which people get it. */
  readonly name: string
  readonly format: ReportFormat
  readonly written: WrittenFile
  readonly document: ReportDocument
  readonly made: number
  readonly sign: SignNote
}

/** Signs what a file says. A PDF takes its proof up; beside any other file a second one is written. Returns the name of that one. */
export async function sealFile(request: SealRequest): Promise<{ proof: string | null; path: string | null }> {
  const { path, name, format, written, document, made, sign } = request
  const { report, id, title, query, zone, period, requested, verdict, checkpoint } = document
  const proof = await proofOf(
    {
      report,
      job: id,
      title,
      query,
      zone,
      period: { ...period },
      requested: { ...requested },
      verdict: verdict.sentence,
      made,
      file: {
        name,
        format,
        bytes: written.bytes,
        rows: written.rows,
        sha256: written.sha256,
        without: written.proof,
        pieces: written.pieces.map(({ is, sha256 }) => ({ is, sha256 })),
      },
      checkpoint,
    },
    sign,
  )
  if (written.proof !== null) {
    await fillIn(path, proof, written.proof)
    return { proof: null, path: null }
  }
  const beside = `${path}${SUFFIX}`
  await writeDurably(folderOf(beside), beside, `${JSON.stringify(proof, null, 2)}\n`)
  return { proof: `${name}${SUFFIX}`, path: beside }
}

const folderOf = (path: string): string => path.slice(0, -basename(path).length)

/** Writes the proof into the room that a PDF has for it; blanks around JSON are JSON. */
async function fillIn(
  path: string,
  proof: ReportProof,
  { offset, length }: { offset: number; length: number },
): Promise<void> {
  const text = Buffer.from(JSON.stringify(proof))
  if (text.length > length)
    throw new Error(`the proof has ${text.length} bytes, and the PDF has room for ${length}`)
  const file = await open(path, 'r+')
  try {
    await file.write(text, 0, text.length, offset)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What became of a file since it was sealed. */
export interface VerifiedReport {
  readonly verdict: 'sound' | 'changed' | 'unproved'
  readonly statement: ReportStatement | null
  /** Names of the keys that signed it. */
  readonly signed: readonly string[]
  readonly sentences: readonly string[]
}

/**
 * Verifies a report by its proof, which is in it or beside it. Without keys it says only whether file and proof belong together.
 */
export async function verifyReport(
  path: string,
  {
    proof: named,
    keys,
  }: {
    readonly proof?: string | undefined
    /** Null: nobody is trusted. */
    readonly keys: readonly VerifierKey[] | null
  },
): Promise<VerifiedReport> {
  const found = await readProof(path, named)
  const { statement } = found
  const { file } = statement
  const sentences: string[] = []
  const trust = trustOf(found, keys)
  if (trust.problem !== null) {
    const isWrong = trust.isForged
    return {
      verdict: isWrong ? 'changed' : 'unproved',
      statement,
      signed: [],
      sentences: [trust.problem, ...(isWrong ? [] : await differencesOf(path, file))],
    }
  }
  sentences.push(...(await differencesOf(path, file)))
  return {
    verdict: sentences.length === 0 ? 'sound' : 'changed',
    statement,
    signed: trust.signed,
    sentences,
  }
}

async function readProof(path: string, named: string | undefined): Promise<ReportProof> {
  if (!existsSync(path))
    throw new OperatorError('WB-FILE-MISSING', `There is no file ${path}`, { exitCode: 2 })
  const beside = named ?? `${path}${SUFFIX}`
  if (named !== undefined || existsSync(beside)) return parseProof(await readText(beside), beside)
  const embedded = await embeddedProof(path)
  if (embedded === null)
    throw new OperatorError(
      'WB-FILE-MISSING',
      `${path} has no proof within, and there is no ${basename(beside)} beside it: put the proof that came with the report there, or name it with --report-proof`,
      { exitCode: 2 },
    )
  return parseProof(embedded, path)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new OperatorError('WB-FILE-UNREADABLE', `${path} can't be read: ${reasonOf(error)}`, {
      exitCode: 2,
    })
  }
}

function parseProof(text: string, place: string): ReportProof {
  try {
    return proofSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new OperatorError(
      'WB-FILE-UNREADABLE',
      `${place} holds no proof of a report${error instanceof SyntaxError ? `: ${error.message}` : ''}: it was changed, or it is another file`,
      { exitCode: 2 },
    )
  }
}

const BEGIN = Buffer.from(`{"format":"${FORMAT}"`)
/** More than the room of any proof. */
const MOST_PROOF = 1024 * 1024

/** The proof in a PDF, found by how it begins: its stream is not compressed. Null if there is none. */
async function embeddedProof(path: string): Promise<string | null> {
  let place = -1
  let read = 0
  let tail = Buffer.alloc(0)
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const both = Buffer.concat([tail, chunk])
    const at = both.lastIndexOf(BEGIN)
    if (at >= 0) place = read - tail.length + at
    read += chunk.length
    tail = both.subarray(-BEGIN.length + 1)
  }
  if (place < 0) return null
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(Math.min(MOST_PROOF, read - place))
    await file.read(bytes, 0, bytes.length, place)
    const end = bytes.indexOf('endstream')
    const text = bytes.subarray(0, end < 0 ? bytes.length : end).toString('utf8')
    return text.slice(0, text.lastIndexOf('}') + 1)
  } finally {
    await file.close()
  }
}

interface Trust {
  readonly signed: readonly string[]
  readonly problem: string | null
  /** The signature of a trusted key does not fit: something was changed. */
  readonly isForged: boolean
}

function trustOf({ statement, signatures }: ReportProof, keys: readonly VerifierKey[] | null): Trust {
  if (keys === null)
    return {
      signed: [],
      isForged: false,
      problem:
        'Nobody vouches for the proof: name the keys that you trust with --policy FILE (waybill verify policy writes one).',
    }
  try {
    const opened = openNote(`${noteText(statement)}\n${signatures.join('')}`, keys)
    return { signed: nameOfKeys(opened.signatures), problem: null, isForged: false }
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    return {
      signed: [],
      isForged: error.reason !== 'unknown-keys',
      problem:
        error.reason === 'unknown-keys'
          ? 'No key of the policy signed this proof: it is of another indexer, or forged. Add the key of that log to the policy if you trust it.'
          : `The proof was changed: the signature does not fit what it says (${error.message}).`,
    }
  }
}

const nameOfKeys = (signatures: readonly NoteSignature[]): string[] =>
  signatures.flatMap(({ key }) => (key.type === 'ed25519' ? [`${key.name}+${key.id}`] : []))

const MOST_NAMED = 10

/** What differs between a file and what its proof says, each a sentence. */
async function differencesOf(path: string, file: ReportStatement['file']): Promise<string[]> {
  const { size } = await stat(path)
  if (size === file.bytes && (await hashOf(path, file.without)) === file.sha256) return []
  const sentences: string[] = []
  if (size !== file.bytes) sentences.push(`The file has ${size} bytes; ${file.bytes} were sealed.`)
  const found = piecesOf(path, file.format, { proof: file.without })
  if ('problem' in found) return [...sentences, `${found.problem}.`]
  const here = new Map(found.pieces.map(({ is, sha256 }) => [is, sha256]))
  const sealed = new Set(file.pieces.map(({ is }) => is))
  const parts = [
    ...file.pieces.flatMap(({ is, sha256 }) => {
      const now = here.get(is)
      return now === sha256 ? [] : [now === undefined ? `Missing: ${is}.` : `Changed: something in ${is}.`]
    }),
    ...found.pieces.flatMap(({ is }) => (sealed.has(is) ? [] : [`Added: ${is}.`])),
  ]
  sentences.push(...parts.slice(0, MOST_NAMED))
  // A row that was put in or taken out moves all rows behind it.
  if (parts.length > MOST_NAMED)
    sentences.push(`And ${parts.length - MOST_NAMED} further parts: look at the first one first.`)
  return sentences.length === 0 ? ['The file was changed.'] : sentences
}

/** SHA-256 of a file, but for some of its bytes. */
export async function hashOf(
  path: string,
  without: { readonly offset: number; readonly length: number } | null,
): Promise<string> {
  const hash = createHash('sha256')
  let at = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (without === null) hash.update(chunk)
    else {
      const start = Math.min(chunk.length, Math.max(0, without.offset - at))
      const end = Math.min(chunk.length, Math.max(0, without.offset + without.length - at))
      hash.update(chunk.subarray(0, start))
      hash.update(chunk.subarray(end))
    }
    at += chunk.length
  }
  return hash.digest('hex')
}

/** What a proof says about its report, for people. */
export function statementLines({
  title,
  query,
  requested,
  period,
  verdict,
  file,
  checkpoint,
}: ReportStatement): string[] {
  const time = (at: number): string => new Date(at).toISOString().replace(/\.000Z$/, 'Z')
  const log = checkpoint === null ? null : logOf(checkpoint)
  return [
    `Report     ${title}`,
    `File       ${file.name}, ${file.bytes} bytes, ${file.rows} rows`,
    `Requested  by ${requested.by} at ${time(requested.at)}`,
    `Period     ${time(period.from)} to ${time(period.to)}`,
    `Query      ${query}`,
    `Says       ${verdict}`,
    ...(log === null ? [] : [`Log        ${log}`]),
  ]
}

function logOf(checkpoint: string): string {
  try {
    const { origin, size } = readCheckpoint(splitNote(checkpoint).text)
    return `${origin}, ${size} statements at that time`
  } catch {
    return 'the checkpoint in the proof can not be read'
  }
}
