import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { codeOf, isAgentId, OperatorError, parsedJson } from '../../schema/index.ts'
import { makeFolder, writeFileDurably } from '../state/index.ts'

/** The agent's identity: the indexer assigns it at enrolment; `identity.json` and `key.pem` in the data folder hold it. */
export interface Identity {
  readonly agent: string
  /** The id of the key at the indexer. */
  readonly key: string
  readonly namespace: string
  /** The host at enrolment; absent if an earlier version enrolled the agent. */
  readonly host?: string
  readonly privateKey: KeyObject
}

const VERSION = 1
const IDENTITY = 'identity.json'
export const KEY_FILE = 'key.pem'

const versionOf = z.object({ version: z.number() })
const identitySchema = z.object({
  version: z.literal(VERSION),
  agent: z.string().refine(isAgentId),
  key: z.string().min(1),
  namespace: z.string().min(1),
  host: z.string().min(1).optional(),
})

/** The identity in a data folder; null when the agent was never enrolled there. */
export async function loadIdentity(dir: string): Promise<Identity | null> {
  const file = join(dir, IDENTITY)
  const text = await readText(file)
  if (text === null) return null
  const raw = parsedJson(text)
  const version = versionOf.safeParse(raw)
  if (version.success && version.data.version > VERSION) {
    throw new OperatorError(
      'WB-DATA-NEWER',
      `${file} was written by a newer waybill-agent (version ${version.data.version}): run that version or a later one.`,
    )
  }
  const read = identitySchema.safeParse(raw)
  if (!read.success) {
    throw new OperatorError(
      'WB-DATA-DAMAGED',
      `${file} is damaged. Restore it from a backup, or remove it and ${KEY_FILE} beside it and enroll again: no record is lost by that.`,
    )
  }
  const { agent, key, namespace, host } = read.data
  return { agent, key, namespace, ...(host !== undefined && { host }), privateKey: await loadKey(dir) }
}

async function loadKey(dir: string): Promise<KeyObject> {
  const file = join(dir, KEY_FILE)
  const text = await readText(file)
  const remedy = `Restore it from a backup, or remove ${IDENTITY} beside it and enroll again: no record is lost by that.`
  if (text === null)
    throw new OperatorError('WB-DATA-DAMAGED', `${file}, the agent's key, is missing. ${remedy}`)
  try {
    const key = createPrivateKey(text)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // The code below reports it without the parser's text, which might show a part of the key.
  }
  throw new OperatorError('WB-DATA-DAMAGED', `${file}, the agent's key, is damaged. ${remedy}`)
}

/** The key comes first: an identity without its key would be useless. */
export async function keepIdentity(dir: string, identity: Identity): Promise<void> {
  const { agent, key, namespace, host, privateKey } = identity
  await makeFolder(dir)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFileDurably(join(dir, KEY_FILE), pem, { mode: 0o600 })
  const content = `${JSON.stringify({ version: VERSION, agent, key, namespace, host }, null, 2)}\n`
  await writeFileDurably(join(dir, IDENTITY), content, { mode: 0o600 })
}

/**
 * The key that enrolment registers. It reuses the key of an interrupted enrolment: if the indexer has registered that key and its answer
 * was lost, the same key gets the same agent.
 */
export async function draftKey(dir: string): Promise<KeyObject> {
  await makeFolder(dir)
  const file = join(dir, KEY_FILE)
  if ((await readText(file)) !== null) {
    try {
      return await loadKey(dir)
    } catch {
      await unlink(file)
    }
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeFileDurably(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return privateKey
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (problem) {
    if (codeOf(problem) === 'ENOENT') return null
    if (codeOf(problem) === 'EACCES') {
      throw new OperatorError(
        'WB-DATA-UNUSABLE',
        `${file} can't be read: run this as the user that runs the agent.`,
        {
          cause: problem,
        },
      )
    }
    throw problem
  }
}
