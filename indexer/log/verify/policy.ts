import { createPublicKey } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import * as z from 'zod'
import { beside, readConfig } from '../../../config/index.ts'
import type { PolicyShape } from '../../../schema/api/index.ts'
import { OperatorError, reasonOf } from '../../../schema/index.ts'
import { keyId } from '../../ingest/index.ts'
import { NoteError, openNote, readCheckpoint, readVerifierKey, type VerifierKey } from '../index.ts'
import type { AgentKey } from './source.ts'

/** What a verification believes: keys, and checkpoints that the administrator of the store can't rewrite. */
export interface Policy {
  readonly agents: readonly AgentKey[]
  readonly logs: readonly { readonly origin: string; readonly keys: readonly VerifierKey[] }[]
  readonly checkpoints: readonly TrustedCheckpoint[]
}

/** A checkpoint that a key of the policy signed. */
export interface TrustedCheckpoint {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  /** When it was signed, ms; null if no signature tells the time. */
  readonly at: number | null
}

const pem = z.string().transform((text, context): { id: string; pem: string } => {
  try {
    const key = createPublicKey(text)
    if (!text.includes('BEGIN PUBLIC KEY') || key.asymmetricKeyType !== 'ed25519')
      throw new Error('another kind of key')
    return { id: keyId(key), pem: text }
  } catch {
    context.addIssue({ code: 'custom', message: 'expected an Ed25519 public key in PEM' })
    return z.NEVER
  }
})

const verifier = z.string().transform((text, context): VerifierKey => {
  try {
    return readVerifierKey(text.trim())
  } catch (thrown) {
    context.addIssue({ code: 'custom', message: reasonOf(thrown) })
    return z.NEVER
  }
})

const policySchema = z.strictObject({
  version: z.literal(1),
  agents: z.array(z.strictObject({ id: z.string(), keys: z.array(pem).min(1) })).default([]),
  logs: z.array(z.strictObject({ origin: z.string(), keys: z.array(verifier).min(1) })).default([]),
  witnesses: z.array(verifier).default([]),
  checkpoints: z.array(z.string()).default([]),
})

/** Reads a policy, and the checkpoints that it names. */
export async function readPolicy(path: string): Promise<Policy> {
  const { value, file } = await readConfig(path, policySchema)
  const { agents, logs, witnesses } = value
  const checkpoints = value.checkpoints.flatMap((named) =>
    textsOf(named, file).map(({ text, place }) => trusted(text, place, logs, witnesses)),
  )
  return {
    agents: agents.flatMap(({ id, keys }) => keys.map((key) => ({ agent: id, key: key.id, pem: key.pem }))),
    logs,
    checkpoints,
  }
}

/** A checkpoint is given as itself, as a file, or as a folder of files. */
function textsOf(named: string, policy: string): { text: string; place: string }[] {
  if (named.includes('\n')) return [{ text: named, place: `a checkpoint in ${policy}` }]
  const path = resolve(beside(policy, named))
  try {
    const files = statSync(path).isDirectory()
      ? // An anchor has a folder for each log.
        readdirSync(path, { recursive: true, encoding: 'utf8' })
          .sort()
          .map((name) => join(path, name))
          .filter((one) => statSync(one).isFile())
      : [path]
    if (files.length === 0)
      throw new OperatorError(
        'WB-POLICY-CHECKPOINT',
        `${policy} trusts the checkpoints in ${path}, and there are none: name the folder of an anchor, or remove it from the policy.`,
        { exitCode: 2 },
      )
    return files.flatMap((one) => notesIn(readFileSync(one, 'utf8')).map((text) => ({ text, place: one })))
  } catch (thrown) {
    if (thrown instanceof OperatorError) throw thrown
    throw new OperatorError(
      'WB-FILE-UNREADABLE',
      `${policy} trusts the checkpoints in ${path}, and that can't be read: ${reasonOf(thrown)}`,
      { cause: thrown, exitCode: 2 },
    )
  }
}

/** The checkpoints of a file, one behind the other: each ends with its signatures. */
function notesIn(text: string): string[] {
  const notes = text.split(/(?<=\n— [^\n]*\n)(?!— )/).filter((note) => note.trim() !== '')
  return notes.length === 0 ? [text] : notes
}

function trusted(
  note: string,
  place: string,
  logs: Policy['logs'],
  witnesses: readonly VerifierKey[],
): TrustedCheckpoint {
  try {
    const { text, signatures } = openNote(note, [...logs.flatMap(({ keys }) => keys), ...witnesses])
    const { origin, size, root } = readCheckpoint(text)
    const times = signatures.flatMap(({ time }) => (time === null ? [] : [time * 1000]))
    return { origin, size, root, at: times.length === 0 ? null : Math.max(...times) }
  } catch (thrown) {
    if (!(thrown instanceof NoteError)) throw thrown
    throw new OperatorError(
      'WB-POLICY-CHECKPOINT',
      `${place} is no checkpoint that the policy can trust: ${thrown.message}. Remove it from the policy, or add the key of its log or witness.`,
      { cause: thrown, exitCode: 2 },
    )
  }
}

/** The text of a policy file. */
export const policyText = ({ agents, logs, checkpoints }: PolicyShape): string =>
  [
    '# What `waybill verify --policy` believes. Keep it where the administrator of the store cannot change it.',
    '# Compare the keys with those on the hosts of the agents. Add the checkpoints that anchors gave back: files or folders.',
    stringify({ version: 1, agents, logs, checkpoints }, { lineWidth: 0 }),
  ].join('\n')
