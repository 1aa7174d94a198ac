import { mkdir } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { OperatorError, reasonOf } from '../schema/index.ts'
import type { AgentSettings } from '../schema/wire/index.ts'
import { keepSettings, takeUpSettings } from './central-settings.ts'
import type { AgentConfig } from './config.ts'
import { enroll, fetchSettings, type Identity } from './ship/index.ts'
import { type FolderLock, lockFolder } from './state/index.ts'
import { VERSION } from './version.ts'

/** What an agent needs before it can begin: its data folder, to be known to an indexer, and the central settings. */
const LOCK_WITHIN_MS = 3000
const LOCK_AGAIN_MS = 100

/** A command that looks into the folder of a stopped agent holds it for a moment: that must not keep the agent from starting. */
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
    await mkdir(data, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new OperatorError(
      `The data folder ${data} can't be made (${reasonOf(error)}): give this user the right, or name another.`,
      {
        cause: error,
      },
    )
  }
}

export async function enrollFirst(
  config: AgentConfig,
  log: Logger,
  patience: AbortSignal | null,
): Promise<Identity> {
  for (let told = false; ; told = true) {
    const problems: string[] = []
    for (const url of config.indexers) {
      try {
        const identity = await enroll({
          url,
          token: config.agent.token?.reveal(),
          dir: config.agent.data,
          name: config.agent.name,
          host: config.agent.host,
          version: VERSION,
          tls: config.tls,
          allowPlainHttp: config['allow-plain-http'],
        })
        log.info(`Enrolled at ${url} as ${identity.agent}.`)
        return identity
      } catch (error) {
        if (!(error instanceof OperatorError) || error.exitCode !== NOT_REACHABLE) throw error
        problems.push(error.message)
      }
    }
    const sentence = problems.join('\n')
    if (patience === null || patience.aborted) throw new OperatorError(sentence, { exitCode: NOT_REACHABLE })
    if (!told) log.warn(`Not enrolled yet, trying again every ${ENROLL_AGAIN_MS / 1000} s: ${sentence}`)
    await setTimeout(ENROLL_AGAIN_MS, undefined, { signal: patience }).catch(() => undefined)
  }
}

const ENROLL_AGAIN_MS = 2000
export const NOT_REACHABLE = 3

/** An agent whose indexers are all away begins with what it has. */
const BEGIN_WITHIN_MS = 4000

/** Those of the indexer where one answers, else those that were kept. */
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
      tls: config.tls,
      allowPlainHttp: config['allow-plain-http'],
      asking,
    })
    if (given === null) return kept
    await keepSettings(data, given)
    return given
  } catch (error) {
    // Heartbeats ask again, and what is wrong with the way to the indexer is said by them.
    log.debug(`The central settings are not renewed at the start: ${reasonOf(error)}`)
    return kept
  }
}
