import { type KeyObject, sign, verify } from 'node:crypto'
import * as z from 'zod'
import { canonical } from '../canonical.ts'
import type { EventRule } from '../event-rules.ts'
import { sha256 } from '../ids.ts'

/** The settings that an operator makes for all agents, and the requests for them. */
const condition = z.string().min(1, 'expected a name').max(256, 'expected at most 256 characters')

/** One rule about which events are recorded, in agent.yml or in the central settings. */
export const eventRuleSchema = z.strictObject({
  event: z
    .string()
    .max(160)
    .regex(
      /^(?:[a-z0-9_.-]+|[a-z0-9_.-]*\*)$/,
      'expected an event type such as erp.record.viewed, or a group such as erp.*',
    ),
  entity: condition.optional(),
  user: condition.optional(),
  host: condition.optional(),
  record: z.enum(['on', 'off']),
}) satisfies z.ZodType<EventRule>

export const eventRulesSchema = z.array(eventRuleSchema).max(1000)

/**
 * The name of a state of the settings: a number that people can follow, and the beginning of a hash, so that a store that was restored to
 * an earlier state doesn't give the same name to other rules.
 */
export const settingsVersion = (number: number, events: readonly EventRule[]): string =>
  `${number}-${sha256(canonical(events)).slice(0, HASH_LENGTH)}`

const HASH_LENGTH = 12
const VERSION = /^\d{1,15}-[0-9a-f]{12}$/

export const settingsVersionSchema = z.string().regex(VERSION, 'expected a version such as 12-0123456789ab')

/** Only the number of a version, for people. */
export const settingsNumber = (version: string): string => version.split('-')[0] ?? version

/**
 * The settings for agents. A rule with an unknown member is rejected together with all others: without the member it would be another
 * rule. The schema also checks that the rules are those of the version: nothing was lost in transit or on a disk.
 */
export const agentSettingsSchema = z
  .object({ version: settingsVersionSchema, events: eventRulesSchema })
  .refine(({ version, events }) => version === settingsVersion(Number(settingsNumber(version)), events), {
    message: 'the rules are not those of the version',
    path: ['version'],
  })
export type AgentSettings = z.infer<typeof agentSettingsSchema>

export const AGENT_SETTINGS_PATH = '/v1/agent/settings'

const questionSchema = z.strictObject({
  agent: z.string().min(1).max(64),
  key: z.string().min(1).max(64),
  /** The time by the indexer's clock, as far as the agent knows it. */
  asked: z.number().int().nonnegative(),
  path: z.string().max(256),
})
/** The request that an agent signs: agent, path and time. */
export type AgentQuestion = z.infer<typeof questionSchema>

const SCHEME = 'Waybill '
const SIGNED_QUESTION = 'waybill/question/1\n'

/** The `Authorization` header of an agent's question. */
export function signQuestion(question: AgentQuestion, key: KeyObject): string {
  const text = canonical(question)
  const signature = sign(null, Buffer.from(SIGNED_QUESTION + text), key)
  return `${SCHEME}${Buffer.from(text).toString('base64url')}.${signature.toString('base64url')}`
}

/** Reads a signed request, with a function that checks whether a key signed it; null if the header has none. */
export function readQuestion(
  header: string | undefined,
): { question: AgentQuestion; signedBy(publicKey: KeyObject): boolean } | null {
  if (header === undefined || !header.startsWith(SCHEME)) return null
  const [said = '', signature = ''] = header.slice(SCHEME.length).split('.')
  const text = Buffer.from(said, 'base64url').toString('utf8')
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return null
  }
  const question = questionSchema.safeParse(raw)
  if (!question.success) return null
  const signedBy = (publicKey: KeyObject): boolean =>
    verify(null, Buffer.from(SIGNED_QUESTION + text), publicKey, Buffer.from(signature, 'base64url'))
  return { question: question.data, signedBy }
}
