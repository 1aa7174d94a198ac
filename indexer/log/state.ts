import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod'
import { codeOf, OperatorError } from '../../schema/index.ts'
import { writeDurably } from '../ingest/index.ts'

/**
 * What a log must know after kill -9: its head, and how far it has read the store. It is one file, which is replaced when the files of the
 * head are on the disk, and before the head is published.
 */
const stateSchema = z.strictObject({
  version: z.literal(1),
  origin: z.string(),
  size: z.number().int().nonnegative(),
  /** In hex. */
  root: z.string(),
  /** The signed checkpoint of this head. */
  checkpoint: z.string(),
  /** When it was signed, ms. */
  at: z.number(),
  /** Where the list of the store's waybills goes on; null for its beginning. */
  cursor: z.string().nullable(),
  /** The last entry, and the place in the list before it: if that is something else now, the store is not the one that was read. */
  last: z.strictObject({ after: z.string().nullable(), statement: z.string() }).nullable(),
  /** The store is read again from its beginning: entries that are in the log are passed over. */
  again: z.boolean(),
  /** The public keys of the key sets in use, the newest first, as verifier keys; and when the older ones end, ms. */
  keys: z.array(z.strictObject({ keys: z.array(z.string()).min(1), until: z.number().nullable() })).min(1),
  /** How many times the key was changed. */
  rotations: z.number().int().nonnegative(),
})
export type LogState = z.infer<typeof stateSchema>

export async function readState(file: string): Promise<LogState | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    return stateSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new OperatorError(
      'WB-LOG-DAMAGED',
      `${file} is damaged: restore it from a backup, or remove it, and the indexer reads the state of the log from its checkpoint`,
      { cause: error },
    )
  }
}

export const writeState = (file: string, state: LogState): Promise<void> =>
  writeDurably(dirname(file), file, JSON.stringify(state))
