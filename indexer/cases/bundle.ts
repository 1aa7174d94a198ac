import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaseShape, EventProofShape } from '../../schema/api/index.ts'
import { reasonOf } from '../../schema/index.ts'
import type { Visibility } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'
import type { ReportDocument, ReportRow } from '../reports/document.ts'
import { exportRow, maskFacts } from '../reports/index.ts'
import { type WriteRequest, zipFiles } from '../reports/writers/index.ts'
import { type BundleFile, type CaseReport, documentOf, eventsOf, idOf, type Unproved } from './document.ts'
import { notesText, readmeText } from './texts.ts'

export interface BundleParts {
  /** As who asks sees it. */
  readonly one: CaseShape
  readonly requested: ReportDocument['requested']
  readonly visibility: Visibility
  readonly organisation: ReportDocument['organisation']
  readonly zone: string
  readonly checkpoint: string | null
  readonly sealedFile: (request: Omit<WriteRequest, 'report'>) => Promise<{ readonly proof: string | null }>
  /** Rejects with a `Refusal` that says why there is none. */
  readonly proofOf: (event: string) => Promise<EventProofShape>
  readonly signal: AbortSignal
}

export interface Bundle {
  /** The ZIP file. */
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  /** Removes it. */
  discard(): Promise<void>
}

/** Makes the sealed bundle of a case in a folder of its own, which goes if anything fails. */
export async function makeBundle(parts: BundleParts): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-case-'))
  const discard = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const content = join(folder, 'content')
    const names = await writeContent(content, parts)
    const path = join(folder, 'case.zip')
    await zipFiles(
      path,
      names.map((name) => ({ name, path: join(content, name) })),
    )
    const { size } = await stat(path)
    return { path, bytes: size, sha256: await sha256Of(path), discard }
  } catch (error) {
    await discard()
    throw error
  }
}

/** Writes all files, and returns their names in the order in which a person wants them. */
async function writeContent(folder: string, parts: BundleParts): Promise<string[]> {
  const { one, signal, visibility } = parts
  await mkdir(join(folder, 'proofs'), { recursive: true })
  const report: Omit<CaseReport, 'files' | 'unproved'> = {
    ...parts,
    facts: maskFacts({ visibility }),
  }
  const events = eventsOf(one)
  const rows = async function* (document: ReportDocument): AsyncGenerator<readonly ReportRow[]> {
    if (events.length > 0) yield events.map(exportRow(document.rows?.columns ?? []))
  }
  const sealed = async (format: 'pdf' | 'html' | 'ndjson', name: string, document: ReportDocument) => {
    const path = join(folder, name)
    const { proof } = await parts.sealedFile({ format, document, rows: rows(document), path, signal })
    return proof === null ? [name] : [name, proof]
  }

  const { proofs, unproved } = await writeProofs(folder, parts)
  await writeFile(join(folder, 'case.json'), `${JSON.stringify(one, null, 2)}\n`)
  await writeFile(join(folder, 'notes.md'), notesText(one, parts.zone))
  const data = [
    ...(await sealed('ndjson', 'events.ndjson', documentOf({ ...report, unproved, files: [] }))),
    'notes.md',
    'case.json',
    ...proofs,
  ]
  const files: BundleFile[] = []
  for (const name of data) {
    const path = join(folder, name)
    files.push({ name, bytes: (await stat(path)).size, sha256: await sha256Of(path) })
  }
  const document = documentOf({ ...report, unproved, files })
  const reports = [
    ...(await sealed('pdf', 'report.pdf', document)),
    ...(await sealed('html', 'report.html', document)),
  ]
  await writeFile(join(folder, 'README.md'), readmeText({ document, proofs: proofs.length, unproved }))
  return ['README.md', ...reports, ...data]
}

/** The proof of each event that has one. */
async function writeProofs(
  folder: string,
  { one, visibility, proofOf, signal }: BundleParts,
): Promise<{ proofs: string[]; unproved: Unproved[] }> {
  const proofs: string[] = []
  const unproved: Unproved[] = []
  for (const event of eventsOf(one)) {
    signal.throwIfAborted()
    const id = idOf(event)
    if (!visibility.mask.isEmpty) {
      unproved.push({
        id,
        reason: 'A proof has the whole event, and some fields are masked for the requester.',
      })
      continue
    }
    try {
      const name = `proofs/${id.replaceAll(/[^\w-]/g, '_')}.proof.json`
      await writeFile(join(folder, name), `${JSON.stringify(await proofOf(id), null, 2)}\n`)
      proofs.push(name)
    } catch (error) {
      // The store has no such event any more, or the log has not its waybill yet: the bundle says so.
      if (!(error instanceof Refusal)) throw error
      unproved.push({ id, reason: reasonOf(error) })
    }
  }
  return { proofs, unproved }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part as Buffer)
  return hash.digest('hex')
}
