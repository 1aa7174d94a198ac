import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { VERSION } from '../config/version.ts'
import { OperatorError, reasonOf } from '../schema/index.ts'
import type { AgentSettings } from '../schema/wire/index.ts'
import { keepSettings, takeUpSettings } from './central-settings.ts'
import { type AgentConfig, hostOf, readAgentConfig } from './config.ts'
import { enroll, fetchSettings, type Identity, loadIdentity, tlsFor } from './ship/index.ts'
import { type FolderLock, lockFolder, makeFolder } from './state/index.ts'

/** The prerequisites of an agent: its lock on the data folder, its enrolment with an indexer, and the central settings. */

const LOCK_WITHIN_MS = 3000
const LOCK_AGAIN_MS = 100

/** A command that inspects the folder of a stopped agent holds it for a moment: that must not prevent the agent from starting. */
export async function lockSoon(data: string): Promise<FolderLock> {
  const end = performance.now() + LOCK_WITHIN_MS
  for (;;) {
    try {
      return await lockFolder(data)
    } catch (error) {
      if (!(error instanceof OperatorError) || performance.now() > end) throw error
      await setTimeout(LOCK_AGAIN_MS)
    }
  }
}

export async function makeDataFolder(data: string): Promise<void> {
  try {
    await makeFolder(data)
  } catch (error) {
    throw new OperatorError(
      'WB-DATA-UNUSABLE',
      `The data folder ${data} can't be made (${reasonOf(error)}): give this user permission, or name another folder.`,
      {
        cause: error,
      },
    )
  }
}

export interface Enrolling {
  /** The config file: each attempt reads it again, so that a new token or address is enough. */
  readonly file: string
  readonly config: AgentConfig
  readonly log: Logger
  /** The agent waits for an unreachable indexer until this fires. */
  readonly patience: AbortSignal | null
  /** The agent receives in the meantime, so it must not exit when an indexer rejects it. */
  readonly receives: boolean
  /** Reports why it is not enrolled yet. */
  failed(problem: string): void
}

/** Enrols this agent with an indexer; returns the settings that were used. */
export async function enrollFirst({
  file,
  log,
  patience,
  receives,
  failed,
  ...first
}: Enrolling): Promise<{ identity: Identity; config: AgentConfig }> {
  let { config } = first
  for (let said = ''; ; ) {
    const problems: OperatorError[] = []
    let refused = false
    for (const url of config.indexers) {
      try {
        const identity = await enroll({
          url,
          token: config.agent.token?.reveal(),
          dir: config.agent.data,
          name: config.agent.name,
          host: hostOf(config),
          version: VERSION,
          tls: config.tls,
          allowPlainHttp: config['allow-plain-http'],
        })
        log.info(`Enrolled at ${url} as ${identity.agent}.`)
        return { identity, config }
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error
        if (error.exitCode !== NOT_REACHABLE) {
          if (!receives) throw error
          refused = true
        }
        problems.push(error)
      }
    }
    const problem = problems.map(({ message }) => message).join('\n')
    const code = problems[0]?.code ?? 'WB-INDEXER-UNREACHABLE'
    if (patience === null || patience.aborted)
      throw new OperatorError(code, problem, { exitCode: NOT_REACHABLE })
    failed(problem)
    const wait = refused ? REFUSED_AGAIN_MS : ENROLL_AGAIN_MS
    if (problem !== said)
      log.warn({ code }, `Not enrolled yet, trying again every ${wait / 1000} s: ${problem}`)
    said = problem
    await setTimeout(wait, undefined, { signal: patience }).catch(() => undefined)
    // `waybill-agent enroll` may have enrolled it.
    const known = await loadIdentity(config.agent.data)
    if (known !== null) return { identity: known, config }
    config = await readAgain(file, config)
  }
}

/** Reads the present config file; if it is not usable, returns the earlier settings. */
async function readAgain(file: string, before: AgentConfig): Promise<AgentConfig> {
  try {
    const config = await readAgentConfig(file)
    return config.agent.data === before.agent.data ? config : before
  } catch (error) {
    if (error instanceof OperatorError) return before
    throw error
  }
}

const ENROLL_AGAIN_MS = 2000
/** A rejected token stays wrong until somebody makes another. */
const REFUSED_AGAIN_MS = 10_000
export const NOT_REACHABLE = 3

/** If no indexer answers within this time, the agent begins with its stored settings. */
const BEGIN_WITHIN_MS = 4000

/** Returns the settings of an indexer that answers, else the stored ones. */
export async function settingsToBeginWith(
  config: AgentConfig,
  identity: Identity,
  log: Logger,
  clock: () => number,
): Promise<AgentSettings | null> {
  const { data } = config.agent
  const kept = await takeUpSettings(data, log, clock())
  try {
    const asking = {
      identity,
      known: kept?.version ?? null,
      asked: clock(),
      stop: AbortSignal.timeout(BEGIN_WITHIN_MS),
    }
    const given = await fetchSettings({
      indexers: config.indexers,
      tls: tlsFor(config.tls, data),
      allowPlainHttp: config['allow-plain-http'],
      asking,
    })
    if (given === null) return kept
    await keepSettings(data, given)
    return given
  } catch (error) {
    // Heartbeats ask again, and report problems with the connection to the indexer.
    log.debug(`The central settings could not be updated at the start: ${reasonOf(error)}`)
    return kept
  }
}
