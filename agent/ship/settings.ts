import {
  AGENT_SETTINGS_PATH,
  type AgentSettings,
  agentSettingsSchema,
  problemSchema,
  signQuestion,
} from '../../schema/wire/index.ts'
import { Connection, checkedUrl, readTls, type TlsFiles } from './connection.ts'
import type { Identity } from './identity.ts'

/** What becomes of the central settings that an indexer has. */
export interface SettingsDesk {
  /** Version of those that were taken last; null where there are none yet. */
  readonly known: () => string | null
  readonly given: (settings: AgentSettings) => void
  /** There are others, but they could not be had, or can't be used. */
  readonly failed: (sentence: string) => void
}

export interface Asking {
  readonly identity: Pick<Identity, 'agent' | 'key' | 'privateKey'>
  readonly known: string | null
  /** By the indexer's clock. */
  readonly asked: number
  readonly stop?: AbortSignal
}

/** The settings of an indexer where they are others than those that are known; what is wrong with its answer is thrown. */
export async function askSettings(connection: Connection, asking: Asking): Promise<AgentSettings | null> {
  const { identity, known, asked, stop } = asking
  const { agent, key, privateKey } = identity
  const authorization = signQuestion({ agent, key, asked, path: AGENT_SETTINGS_PATH }, privateKey)
  const answer = await connection.get(AGENT_SETTINGS_PATH, {
    headers: { authorization, ...(known === null ? {} : { 'if-none-match': `"${known}"` }) },
    ...(stop === undefined ? {} : { stop }),
  })
  if (answer.status === 304) return null
  const value = parsed(answer.body)
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

/** The same, of the first indexer that answers, before anything is sent: an agent should begin with the settings that hold. */
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

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}
