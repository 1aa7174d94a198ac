import type { LedgerSample } from '../../schema/rule.ts'
import type { Agent } from '../ingest/index.ts'
import type { Store } from '../store/index.ts'

/** Chains of all agents are read this often, ms: it takes a question of the store for each. */
const CHAINS_EVERY = 5 * 60_000
const AT_ONCE = 4

interface SamplerParts {
  readonly store: Pick<Store, 'chains' | 'status'>
  readonly agents: { all(): readonly Agent[] }
  readonly presences: { lastSeen(agent: string): Promise<number | null> }
  readonly clock: () => number
}

/** Returns what takes samples of the agents and the dead letters, for the rules about them. */
export function ledgerSampler(
  parts: SamplerParts,
): (missing: Readonly<Record<string, number>>) => Promise<LedgerSample> {
  const { store, agents, presences, clock } = parts
  let readAt = Number.NEGATIVE_INFINITY
  let withGaps: ReadonlySet<string> = new Set()

  async function readGaps(active: readonly Agent[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    const waiting = active.values()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const { id } of waiting) {
          const chains = await store.chains(id)
          if (chains.some(({ gaps }) => gaps.length > 0)) found.add(id)
        }
      }),
    )
    return found
  }

  return async (missing) => {
    const now = clock()
    const active = agents.all().filter(({ revoked, own }) => revoked === null && own !== true)
    if (now - readAt >= CHAINS_EVERY) {
      withGaps = await readGaps(active)
      readAt = now
    }
    const { deadLetters } = await store.status()
    return {
      at: now,
      deadLetters,
      agents: await Promise.all(
        active.map(async ({ id, enrolled }) => ({
          id,
          lastSeen: (await presences.lastSeen(id)) ?? enrolled,
          missingSince: withGaps.has(id) ? (missing[id] ?? now) : null,
        })),
      ),
    }
  }
}
