import { existsSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Argv } from 'yargs'
import { type EvidenceReport, policyShape } from '../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../schema/index.ts'
import { readIndexerConfig } from '../config.ts'
import { readRetention } from '../lifecycle/index.ts'
import {
  type EvidenceSource,
  hasShipped,
  type Progress,
  policyText,
  readPolicy,
  shippedEvidence,
  statementOf,
  verify,
  verifyProofs,
} from '../log/verify/index.ts'
import { clusterEvidence, openEvidence } from '../open-evidence.ts'
import { openStore } from '../open-store.ts'
import { StoreUnavailableError } from '../store/index.ts'
import { understood } from './client.ts'
import { credentialsOf } from './cluster-credentials.ts'
import { type ConnectionGiven, connect, withConnection } from './connection.ts'
import { jsonLines, UsageError, write, writeLines } from './output.ts'
import { harmless } from './terminal.ts'
import { closing } from './usage.ts'

/** The exit codes of `waybill verify`. */
const EXIT_OF: Readonly<Record<EvidenceReport['verdict'], number>> = { sound: 0, findings: 1, unverified: 2 }

export function options(cli: Argv) {
  const text = { type: 'string', requiresArg: true } as const
  return cli
    .command(
      'policy',
      'Write a policy from a running indexer: the keys and the checkpoint to trust',
      (policy) =>
        withConnection(policy).epilogue(
          closing(
            [
              [
                'waybill verify policy > trusted.yml',
                'Then keep it where the administrator of the store cannot change it',
              ],
            ],
            'Compare the keys with those on the hosts, and add checkpoints that anchors gave back.\nExit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.',
          ),
        ),
      (given) => writePolicy(given),
    )
    .positional('report', {
      type: 'string',
      describe: 'A report or an export that Waybill made; its proof is in it or beside it',
    })
    .option('report-proof', {
      ...text,
      describe: 'The proof of that report, if it is neither in it nor beside it',
    })
    .option('store', { ...text, describe: 'The folder of an embedded store' })
    .option('archive', {
      ...text,
      describe: 'In place of a store: the settings of an indexer, for the place and the keys of its archive',
    })
    .option('objects', {
      ...text,
      describe: 'With --archive: only objects whose names begin so, such as security/2026/',
    })
    .option('cluster', {
      ...text,
      describe: 'The settings of an indexer (indexer.yml): verify the store that they name, also a cluster',
    })
    .option('proof', {
      ...text,
      describe: 'In place of a store: a file with proofs of events (`waybill proof`), with --policy',
    })
    .option('log', {
      ...text,
      describe: 'The folder of the transparency log; by default `log` in the folder of the store',
    })
    .option('policy', {
      ...text,
      describe: 'The file with the keys and checkpoints that you trust (`waybill verify policy` writes one)',
    })
    .option('compare', {
      ...text,
      describe: "Another copy: a store's folder, or an agent's spool. Findings then name the changed fields",
    })
    .option('resume', {
      ...text,
      describe: 'The file in which it notes its place: run it again to go on after an interruption',
    })
    .option('statement', { ...text, describe: 'Also write the report for people into this file (Markdown)' })
    .option('threads', {
      type: 'number',
      requiresArg: true,
      default: Math.max(1, Math.min(availableParallelism(), 8)),
      describe: 'Threads that hash lines',
    })
    .option('format', {
      choices: ['text', 'json'] as const,
      default: 'text' as const,
      describe: 'The report as sentences, or as one JSON object',
    })
    .epilogue(
      closing(
        [
          [
            'waybill verify --store /var/lib/waybill --policy trusted.yml',
            'Verify all of a store with the keys and checkpoints of a policy',
          ],
          [
            'waybill verify --archive indexer.yml --policy trusted.yml',
            'Verify the archive; it is decrypted, and nothing is restored',
          ],
          [
            'waybill verify user-access-2026-11.pdf --policy trusted.yml',
            'Verify a report: the indexer signed it, and it is unchanged',
          ],
          [
            'waybill verify --store /var/lib/waybill --compare /mnt/backup/waybill',
            'Name the changed fields by a backup',
          ],
          [
            "waybill verify --store store --format json | jq '.findings[].sentence'",
            'The findings, for programs',
          ],
        ],
        'It only reads, and the indexer may run.\nExit codes: 0 nothing is wrong; 1 something is wrong; 2 not all could be verified, or a wrong command line.',
      ),
    )
}

const PLACES = ['store', 'cluster', 'archive', 'proof'] as const

interface Given {
  readonly report?: string | undefined
  readonly 'report-proof'?: string | undefined
  readonly store?: string | undefined
  readonly proof?: string | undefined
  readonly archive?: string | undefined
  readonly objects?: string | undefined
  readonly cluster?: string | undefined
  readonly log?: string | undefined
  readonly policy?: string | undefined
  readonly compare?: string | undefined
  readonly statement?: string | undefined
  readonly resume?: string | undefined
  readonly threads: number
  readonly format: 'text' | 'json'
}

export async function run(given: Given): Promise<void> {
  if (given.report !== undefined) {
    if (PLACES.some((place) => given[place] !== undefined))
      throw new UsageError(
        `Verify one thing at a time: ${given.report} is a report, and ${PLACES.filter(
          (place) => given[place] !== undefined,
        )
          .map((place) => `--${place}`)
          .join(' and ')} names another`,
      )
    const { verifyReportFile } = await import('./verify-report.ts')
    return verifyReportFile(given.report, given)
  }
  let report: EvidenceReport
  try {
    report = await verified(given)
  } catch (thrown) {
    throw unverified(thrown)
  }
  const sentences = statementOf(report)
  if (given.statement !== undefined) await writeStatement(given.statement, sentences)
  await writeLines(given.format === 'json' ? jsonLines([report]) : sentences.map((line) => harmless(line)))
  process.exitCode = EXIT_OF[report.verdict]
}

async function writePolicy(given: ConnectionGiven): Promise<void> {
  const shape = understood(policyShape, await connect(given).json('/v1/evidence/policy'))
  await write(policyText(shape))
}

async function verified(given: Given): Promise<EvidenceReport> {
  const policy = given.policy === undefined ? null : await readPolicy(given.policy)
  if (given.proof !== undefined) {
    if (policy === null)
      throw new UsageError(
        'A proof needs the keys that you trust: add --policy FILE (waybill verify policy writes one)',
      )
    return verifyProofs(readProofFile(given.proof), given.proof, policy, Date.now)
  }
  const source = await openedSource(given)
  try {
    const copy = given.compare === undefined ? undefined : await openedCopy(given.compare)
    try {
      return await verify({
        source,
        policy,
        now: Date.now,
        report: progress(),
        ...(copy !== undefined && { copy }),
        ...(given.resume !== undefined && { resume: given.resume }),
      })
    } finally {
      await copy?.close()
    }
  } finally {
    await source.close()
  }
}

/** A verification that did not come to its end says nothing about the evidence. */
function unverified(thrown: unknown): unknown {
  const options = { cause: thrown, exitCode: EXIT_OF.unverified }
  if (thrown instanceof OperatorError) return new OperatorError(thrown.code, thrown.message, options)
  if (thrown instanceof StoreUnavailableError)
    return new OperatorError('WB-STORE-UNAVAILABLE', thrown.message, options)
  return thrown
}

async function openedSource(given: Given): Promise<EvidenceSource> {
  const { store, cluster, log, archive, objects, threads } = given
  if ([store, cluster, archive].filter((one) => one !== undefined).length !== 1)
    throw new UsageError(
      'Name what to verify, and one thing only: --store FOLDER, --cluster indexer.yml, --archive indexer.yml, or --proof FILE; or the file of a report',
    )
  if (archive !== undefined) return openedArchive(archive, objects)
  if (store !== undefined) return openEvidence({ store, log, threads })
  const config = await readIndexerConfig(cluster ?? '')
  const { embedded } = config.store
  if (embedded !== undefined) return openEvidence({ store: embedded.path, log, threads })
  const table = await readRetention(config.retention)
  const credentials = { ...credentialsOf(process.env), setup: 'none' } as const
  const opened = await openStore(config, { table, log: () => {}, cluster: credentials })
  return clusterEvidence(opened, config, log)
}

async function openedArchive(file: string, objects: string | undefined): Promise<EvidenceSource> {
  const { archiveEvidence, namesIn, readArchive } = await import('../lifecycle/archive/index.ts')
  const { archive } = await readIndexerConfig(file)
  if (archive === undefined)
    throw new OperatorError('WB-ARCHIVE-ABSENT', `${file} names no archive: write archive: in it`)
  const reading = await readArchive(archive)
  return archiveEvidence(reading, objects === undefined ? undefined : namesIn(reading, [objects]))
}

async function openedCopy(path: string): Promise<EvidenceSource> {
  if (existsSync(join(path, 'control.db'))) return openEvidence({ store: path })
  if (existsSync(path) && statSync(path).isDirectory() && hasShipped(path)) return shippedEvidence(path)
  throw new UsageError(
    `There is no copy in ${path}: give the folder of a store, or an agent's spool with .waybill files`,
    'WB-FILE-MISSING',
  )
}

function readProofFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    throw new UsageError(`${file} can't be read: ${reasonOf(thrown)}`, 'WB-FILE-UNREADABLE')
  }
}

async function writeStatement(file: string, sentences: readonly string[]): Promise<void> {
  try {
    await writeFile(file, `# Verification\n\n${sentences.join('\n')}\n`)
  } catch (thrown) {
    throw new OperatorError('WB-FILE-UNWRITABLE', `${file} can't be written: ${reasonOf(thrown)}`, {
      cause: thrown,
      exitCode: EXIT_OF.unverified,
    })
  }
}

const REPORTED_EVERY = 1_000

/** Shows how far it is, on a terminal. */
function progress(): (here: Progress) => void {
  if (!process.stderr.isTTY) return () => {}
  let last = performance.now()
  return ({ waybills, events }) => {
    if (performance.now() - last < REPORTED_EVERY) return
    last = performance.now()
    process.stderr.write(`\r${waybills} waybills with ${events} events verified so far `)
  }
}
