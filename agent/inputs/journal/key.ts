import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import { writeFileDurably } from '../../state/index.ts'
import { KEY_BYTES } from './seal.ts'

/** Reads the key of the journal from this file. If there is none, it creates one and syncs it before anything is encrypted with it. */
export async function takeJournalKey(
  path: string,
  folder: string,
  log: { warn(sentence: string): void },
): Promise<Uint8Array> {
  const found = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new OperatorError(
      'WB-DATA-UNUSABLE',
      `The journal's key ${path} can't be read: ${reasonOf(error)}. Give this user permission.`,
    )
  })
  if (found?.length === KEY_BYTES) return found
  if (found !== null) {
    throw new OperatorError(
      'WB-DATA-DAMAGED',
      `The journal's key ${path} is damaged: it has ${found.length} bytes, not ${KEY_BYTES}. Restore it from a backup, or remove it: the agent then ships the messages in the journal as errors, without their text.`,
    )
  }
  if (existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.journal'))) {
    log.warn(
      `The journal's key ${path} is missing, so the agent made a new one. It ships messages that were encrypted with the old one as errors, without their text.`,
    )
  }
  const key = randomBytes(KEY_BYTES)
  await writeFileDurably(path, key, { mode: 0o600 })
  return key
}
