import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { codeOf, isAgentId, OperatorError } from '../../schema/index.ts'
import { makeFolder, writeFileDurably } from '../state/index.ts'

/** Who this agent is: given by the indexer at enrolment, kept in `identity.json` and `key.pem` of the data folder. */
export interface Identity {
  readonly agent: string
  /** Id of the key, as the indexer knows it. */
  readonly key: string
  readonly namespace: string
  /** The host that it was enrolled on; absent where an earlier version did that. */
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
  const raw = parsed(text)
  const version = versionOf.safeParse(raw)
  if (version.success && version.data.version > VERSION) {
    throw new OperatorError(
      `${file} was written by a newer waybill-agent (version ${version.data.version}): run that version or a later one.`,
    )
  }
  const read = identitySchema.safeParse(raw)
  if (!read.success) {
    throw new OperatorError(
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
  if (text === null) throw new OperatorError(`${file}, the agent's key, is missing. ${remedy}`)
  try {
    const key = createPrivateKey(text)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below, without what the parser has to say: it might show a part of the key.
  }
  throw new OperatorError(`${file}, the agent's key, is damaged. ${remedy}`)
}

/** The key comes first: an identity without its key would be worth nothing. */
export async function keepIdentity(dir: string, identity: Identity): Promise<void> {
  const { agent, key, namespace, host, privateKey } = identity
  await makeFolder(dir)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFileDurably(join(dir, KEY_FILE), pem, { mode: 0o600 })
  const content = `${JSON.stringify({ version: VERSION, agent, key, namespace, host }, null, 2)}\n`
  await writeFileDurably(join(dir, IDENTITY), content, { mode: 0o600 })
}

/**
 * The key that enrolment registers. One that a killed enrolment left is taken again: if the indexer has registered it, its
 * answer was lost, and the same key gets the same agent.
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
      throw new OperatorError(`${file} can't be read: run this as the user that runs the agent.`, {
        cause: problem,
      })
    }
    throw problem
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
