import type { Logger } from 'pino'
import { canonical, reasonOf } from '../../schema/index.ts'
import { noticeText } from '../../schema/wire/index.ts'
import type { ShownAgent, Store } from '../store/port.ts'
import type { Agent, Agents } from './agents.ts'
import type { Breaks } from './breaks.ts'
import type { Presence, Presences } from './presence.ts'

const EVERY = 60_000

interface Parts {
  readonly store: Pick<Store, 'showAgents'>
  readonly agents: Pick<Agents, 'list'>
  readonly presences: Pick<Presences, 'get'>
  readonly breaks: Pick<Breaks, 'of'>
  readonly silentAfter: () => number
  readonly log: Pick<Logger, 'warn'>
}

/**
 * Writes the state of agents into a store that other programs read, each minute, where it has changed. A failure is logged once, until a
 * write succeeds.
 */
export function showAgents({ store, agents, presences, breaks, silentAfter, log }: Parts): {
  /** Writes what has changed since the last time. */
  now(): Promise<void>
  close(): Promise<void>
} {
  const written = new Map<string, string>()
  let failing = false
  let running: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    const changed = agents.list().flatMap((agent) => {
      const shown = shownOf(agent, presences.get(agent.id), breaks.of(agent.id).length, silentAfter())
      const text = canonical(shown)
      return written.get(agent.id) === text ? [] : [{ shown, text }]
    })
    if (changed.length === 0) return
    try {
      await store.showAgents?.(changed.map(({ shown }) => shown))
      for (const { shown, text } of changed) written.set(shown.id, text)
      failing = false
    } catch (error) {
      if (!failing)
        log.warn(
          `The state of the agents could not be written for Kibana: ${reasonOf(error)}. If the index or a privilege is missing, run \`waybill setup\` again.`,
        )
      failing = true
    }
  }
  const now = (): Promise<void> => {
    running = running.then(write)
    return running
  }
  if (store.showAgents === undefined) return { now: async () => {}, close: async () => {} }
  void now()
  const timer = setInterval(() => void now(), EVERY)
  timer.unref()
  return {
    now,
    close() {
      clearInterval(timer)
      return now()
    },
  }
}

function shownOf(
  { id, name, host, version, enrolled, revoked }: Agent,
  presence: Presence | undefined,
  breaks: number,
  silentAfter: number,
): ShownAgent {
  const heartbeat = presence?.heartbeat ?? null
  return {
    id,
    name: heartbeat?.name ?? name,
    host: heartbeat?.host ?? host,
    version: heartbeat?.version ?? version,
    enrolled,
    revoked: revoked !== null,
    seen: presence?.lastSeen ?? null,
    silentAfter,
    lagBytes: heartbeat?.lagBytes ?? null,
    oldestPending: heartbeat?.oldestPending ?? null,
    clockOffset: presence?.clockOffset ?? null,
    ledger: heartbeat?.ledger ?? null,
    notices: (heartbeat?.notices ?? []).map(noticeText),
    breaks,
  }
}
