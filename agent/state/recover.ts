import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, OperatorError } from '../../schema/index.ts'
import type { Log } from './log.ts'
import { apply, decodeSnapshot, type FileKind, readRecords, readTitle } from './records.ts'

/**
 * Generations: snapshot N holds the table as it was when journal N began, and generation 1 begins empty. So the table is any complete
 * snapshot plus its journal and all later journals. Two generations are kept, so that a damaged snapshot loses nothing.
 */
export const fileOf = (kind: FileKind, generation: number): string => `state-${generation}.${kind}`

const NAME = /^state-(\d+)\.(snapshot|journal)$/

export interface Recovered {
  readonly table: Map<string, unknown>
  /** The generation of the snapshot that it was read from. */
  readonly base: number
  /** The highest generation that has a file; 0 in a new folder. */
  readonly generation: number
  /** Every generation that has a file. */
  readonly generations: readonly number[]
  /** The end of the journal of that generation; null if it cannot be continued and a new generation must begin. */
  readonly end: number | null
}

export async function recover(dir: string, log: Log): Promise<Recovered> {
  const found = new Set<number>()
  for (const name of await readdir(dir)) {
    const match = NAME.exec(name)
    if (match !== null) found.add(Number(match[1]))
  }
  const generations = [...found].sort((a, b) => a - b)
  const last = generations.at(-1)
  if (last === undefined) return { table: new Map(), base: 0, generation: 0, generations, end: null }

  const base = await newestSnapshot(dir, generations, log)
  if (base === null) {
    throw new OperatorError(
      'WB-DATA-DAMAGED',
      `${dir}: no snapshot of the agent's state is readable (${generations.map((g) => fileOf('snapshot', g)).join(', ')}). ` +
        'Restore the folder from a backup; or move it away and enroll again, and every file is read from its start as a new one.',
    )
  }

  let end: number | null = null
  for (let generation = base.generation; generation <= last; generation++) {
    const name = fileOf('journal', generation)
    const bytes = await readIfThere(join(dir, name))
    const title = bytes === null ? { kind: 'bad' as const } : readTitle(bytes, 'journal', generation)
    if (title.kind === 'newer') throw newerVersion(dir, name, title.version)
    if (bytes === null || title.kind === 'bad') {
      // A journal is complete and synced before its snapshot appears; a crash leaves an incomplete one only without a snapshot.
      const begun = generation === last && !(await isThere(join(dir, fileOf('snapshot', generation))))
      if (!begun) {
        log.error(
          { folder: dir, file: name, bytes: bytes?.length ?? 0 },
          'the journal of the state is damaged: the agent continues from the previous snapshot, and reads later records again',
        )
      }
      end = null
      if (generation < last) break
      continue
    }
    const { records, end: whole } = readRecords(bytes, title.end)
    for (const entries of records) apply(base.table, entries)
    end = generation === last ? whole : null
    if (whole < bytes.length) {
      const cut = { folder: dir, file: name, bytes: bytes.length - whole, at: whole }
      if (generation === last) {
        log.warn(cut, 'the last record of the state was incomplete; it was never confirmed, and was removed')
      } else {
        log.error(
          cut,
          'the journal of the state is damaged: the agent ignores the rest of it and later journals',
        )
        break
      }
    }
  }
  return { table: base.table, base: base.generation, generation: last, generations, end }
}

async function newestSnapshot(
  dir: string,
  generations: readonly number[],
  log: Log,
): Promise<{ table: Map<string, unknown>; generation: number } | null> {
  for (const generation of generations.toReversed()) {
    const name = fileOf('snapshot', generation)
    const bytes = await readIfThere(join(dir, name))
    if (bytes !== null) {
      const title = readTitle(bytes, 'snapshot', generation)
      if (title.kind === 'newer') throw newerVersion(dir, name, title.version)
      const table = title.kind === 'good' ? decodeSnapshot(bytes, title.end) : null
      if (table !== null) return { table, generation }
      log.error(
        { folder: dir, file: name, bytes: bytes.length },
        'a snapshot of the state is damaged: the agent uses the previous one and its journal',
      )
    }
    if (generation === 1) return { table: new Map(), generation: 1 }
  }
  return null
}

function newerVersion(dir: string, name: string, version: number): OperatorError {
  return new OperatorError(
    'WB-DATA-NEWER',
    `${join(dir, name)} was written by a newer waybill-agent (state version ${version}): run that version or a later one.`,
  )
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return null
    throw problem
  }
}

const isThere = async (path: string): Promise<boolean> => (await readIfThere(path)) !== null
