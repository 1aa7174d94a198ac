import { parsedJson } from '../../schema/index.ts'
import {
  AGENT_SETTINGS_PATH,
  type AgentSettings,
  agentSettingsSchema,
  problemSchema,
  signQuestion,
} from '../../schema/wire/index.ts'
import { Connection, checkedUrl, readTls, type TlsFiles } from './connection.ts'
import type { Identity } from './identity.ts'

/** Receives the central settings of an indexer. */
export interface SettingsDesk {
  /** The version of the last received settings; null if there are none yet. */
  readonly known: () => string | null
  readonly given: (settings: AgentSettings) => void
  /** Called if there are other settings but they could not be received or used. */
  readonly failed: (sentence: string) => void
}

export interface Asking {
  readonly identity: Pick<Identity, 'agent' | 'key' | 'privateKey'>
  readonly known: string | null
  /** The time of the request by the indexer's clock. */
  readonly asked: number
  readonly stop?: AbortSignal
}

/** Requests the settings of an indexer if they differ from the known ones; throws if its answer is faulty. */
export async function askSettings(connection: Connection, asking: Asking): Promise<AgentSettings | null> {
  const { identity, known, asked, stop } = asking
  const { agent, key, privateKey } = identity
  const authorization = signQuestion({ agent, key, asked, path: AGENT_SETTINGS_PATH }, privateKey)
  const answer = await connection.get(AGENT_SETTINGS_PATH, {
    headers: { authorization, ...(known === null ? {} : { 'if-none-match': `"${known}"` }) },
    ...(stop === undefined ? {} : { stop }),
  })
  if (answer.status === 304) return null
  const value = parsedJson(answer.body.toString('utf8'))
  if (answer.status !== 200) {
    const problem = problemSchema.safeParse(value)
    throw new Error(`it answers ${answer.status}${problem.success ? `: ${problem.data.detail}` : ''}`)
  }
  const read = agentSettingsSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new Error(`they can't be used (${issue?.path.join('.') || 'all of it'}: ${issue?.message ?? ''})`)
}

const TIMEOUTS = { connect: 1500, headers: 2000, body: 1000 }

/** The same for the first indexer that answers, before anything is sent: an agent should begin with the current settings. */
export async function fetchSettings(options: {
  readonly indexers: readonly string[]
  readonly tls: TlsFiles
  readonly allowPlainHttp: boolean
  readonly asking: Asking
}): Promise<AgentSettings | null> {
  const problems: unknown[] = []
  for (const indexer of options.indexers) {
    if (options.asking.stop?.aborted) break
    const connection = new Connection(checkedUrl(indexer, options.allowPlainHttp), {
      connections: 1,
      timeouts: TIMEOUTS,
      tls: readTls(options.tls),
    })
    try {
      return await askSettings(connection, options.asking)
    } catch (problem) {
      problems.push(problem)
    } finally {
      await connection.close()
    }
  }
  throw problems[0] ?? new Error('there was no time to ask')
}
