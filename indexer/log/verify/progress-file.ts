import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { codeOf, OperatorError, reasonOf } from '../../../schema/index.ts'
import type { LogCheck } from './log-check.ts'
import type { Run } from './run.ts'

/** How far a verification is: a file by which a later one goes on. It is of no use to anybody else, and has no format of its own. */
export interface Saved {
  readonly version: typeof VERSION
  /** What was verified, and with what: another verification must not go on with it. */
  readonly of: string
  readonly from: number
  readonly place: string
  readonly run: Run['saved']
  readonly logs: readonly LogCheck['saved'][]
}
export const VERSION = 1
const MARK = Buffer.from('waybill/verify/1\n')

/** Null if there is no such file yet. */
export function readSaved(file: string, of: string): Saved | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null
    throw refused('WB-FILE-UNREADABLE', `${file} can't be read: ${reasonOf(thrown)}`, thrown)
  }
  if (!bytes.subarray(0, MARK.length).equals(MARK))
    throw refused(
      'WB-FILE-INVALID',
      `${file} is not the progress of a verification by this version: remove it, and verify from the beginning`,
    )
  const saved = deserialize(bytes.subarray(MARK.length)) as Saved
  if (saved.of !== of)
    throw refused(
      'WB-FILE-INVALID',
      `${file} is the progress of another verification (${saved.of}): name another file for this one (${of})`,
    )
  return saved
}

export function writeSaved(file: string, saved: Saved): void {
  try {
    writeFileSync(`${file}.tmp`, Buffer.concat([MARK, serialize(saved)]), { mode: 0o600, flush: true })
    renameSync(`${file}.tmp`, file)
  } catch (thrown) {
    throw refused('WB-FILE-UNWRITABLE', `${file} can't be written: ${reasonOf(thrown)}`, thrown)
  }
}

export const removeSaved = (file: string): void => rmSync(file, { force: true })

const refused = (
  code: 'WB-FILE-UNREADABLE' | 'WB-FILE-INVALID' | 'WB-FILE-UNWRITABLE',
  sentence: string,
  cause?: unknown,
): OperatorError => new OperatorError(code, sentence, { cause, exitCode: 2 })
