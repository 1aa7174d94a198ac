import * as z from 'zod'
import {
  type Heartbeat,
  heartbeatSchema,
  type Notice,
  type OwnIntegration,
  sameNotice,
} from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import type { Records } from '../store/port.ts'

/** The indexer's knowledge of an agent's health. */
const presenceSchema = z.object({
  lastSeen: z.number(),
  heartbeat: heartbeatSchema.nullable(),
  /** The offset of the agent's clock from the indexer's, in ms; positive if it is ahead. */
  clockOffset: z.number().nullable(),
  /** Last beat by incarnation: an old heartbeat can't be shown again. */
  beats: z.array(z.object({ incarnation: z.string(), beat: z.number() })),
})
export type Presence = z.infer<typeof presenceSchema>

const KIND = 'presence'
const INCARNATIONS = 32
/** An agent that has not reported here for this time, ms, may have reported to another indexer. */
const ASK_OTHERS_AFTER = 2 * 60_000

/**
 * The last contact with each agent. It changes at each heartbeat and is worth little after a crash, so it is in memory, and in the
 * records only now and then.
 */
export class Presences {
  readonly #records: Records
  readonly #clock: () => number
  readonly #known = new Map<string, Presence>()
  readonly #versions = new Map<string, number>()
  readonly #changed = new Set<string>()

  private constructor(records: Records, clock: () => number) {
    this.#records = records
    this.#clock = clock
  }

  static async open(records: Records, clock: () => number): Promise<Presences> {
    const presences = new Presences(records, clock)
    for (const { key, value, version } of await records.list(KIND)) {
      presences.#known.set(key, presenceSchema.parse(value))
      presences.#versions.set(key, version)
    }
    return presences
  }

  get(agent: string): Presence | undefined {
    return this.#known.get(agent)
  }

  /** When an agent was last heard of, also by another indexer of the store, as far as that one has written it down; null if never. */
  async lastSeen(agent: string): Promise<number | null> {
    const known = this.#known.get(agent)?.lastSeen ?? null
    if (known !== null && this.#clock() - known < ASK_OTHERS_AFTER) return known
    const stored = presenceSchema.safeParse((await this.#records.get(KIND, agent))?.value)
    const other = stored.success ? stored.data.lastSeen : null
    return known === null || (other !== null && other > known) ? other : known
  }

  /** The reported integrations of the operators' own, in the order of the agents. */
  ownIntegrations(): OwnIntegration[] {
    const agents = [...this.#known.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
    return agents.flatMap(([, { heartbeat }]) => heartbeat?.integrations ?? [])
  }

  /** The agent was seen by other means than a heartbeat. */
  seen(agent: string): void {
    const known = this.#known.get(agent)
    const empty = { heartbeat: null, clockOffset: null, beats: [] }
    this.#known.set(agent, { ...(known ?? empty), lastSeen: this.#clock() })
    this.#changed.add(agent)
  }

  /** Gives the notices that were not there before. */
  heard(heartbeat: Heartbeat): readonly Notice[] {
    const { agent, incarnation, beat } = heartbeat
    const beats = this.#known.get(agent)?.beats ?? []
    const last = beats.find((one) => one.incarnation === incarnation)
    if (last !== undefined && beat <= last.beat) {
      throw new Refusal(
        'WB-HEARTBEAT-OLD',
        `Heartbeat ${beat} is not newer than ${last.beat}, which arrived before.`,
      )
    }
    const others = beats.filter((one) => one.incarnation !== incarnation)
    const now = this.#clock()
    const before = this.#known.get(agent)?.heartbeat
    // An agent that has just started doesn't know yet that it may send notices.
    const notices = heartbeat.notices ?? (before?.version === heartbeat.version ? before.notices : undefined)
    this.#known.set(agent, {
      lastSeen: now,
      heartbeat: { ...heartbeat, ...(notices === undefined ? {} : { notices }) },
      clockOffset: heartbeat.sent - now,
      beats: [...others, { incarnation, beat }].slice(-INCARNATIONS),
    })
    this.#changed.add(agent)
    return (heartbeat.notices ?? []).filter(
      (one) => !(before?.notices ?? []).some((other) => sameNotice(one, other)),
    )
  }

  /** The number of these agents that were not seen for this time. */
  silent(agents: Iterable<{ id: string; enrolled: number }>, after: number): number {
    const before = this.#clock() - after
    let count = 0
    for (const { id, enrolled } of agents) if ((this.get(id)?.lastSeen ?? enrolled) < before) count++
    return count
  }

  /** Writes down what changed since the last time. */
  async save(): Promise<void> {
    const agents = [...this.#changed]
    this.#changed.clear()
    for (const agent of agents) {
      const version = this.#versions.get(agent) ?? null
      const done = await this.#records.put(KIND, agent, kept(this.#known.get(agent)), version)
      if (!done) this.#changed.add(agent)
      const stored = await this.#records.get(KIND, agent)
      if (stored !== null) this.#versions.set(agent, stored.version)
    }
  }
}

/** Without the details: they are of the moment, and an indexer of an earlier version could not read them. */
function kept(presence: Presence | undefined): Presence | undefined {
  if (presence?.heartbeat?.details === undefined) return presence
  const { details: _, ...heartbeat } = presence.heartbeat
  return { ...presence, heartbeat }
}
