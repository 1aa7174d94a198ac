import * as z from 'zod'
import { type AuditEvent, isIndexerAgent, textAt } from '../../../schema/index.ts'
import type { StoreSource } from '../../store/port.ts'
import type { EvidenceLog, EvidenceSource } from './source.ts'

const agentSchema = z.object({ id: z.string(), keys: z.array(z.object({ id: z.string(), pem: z.string() })) })

/** A store as evidence. */
export function storeEvidence(
  store: StoreSource,
  {
    kind,
    place,
    logs,
  }: {
    readonly kind: 'store' | 'cluster'
    readonly place: string
    readonly logs: readonly EvidenceLog[]
  },
): EvidenceSource {
  return {
    kind,
    place,
    holds: 'all',
    logs,
    consignments: store.consignments,
    ...(store.proofs !== undefined && { proofs: (after: string | null) => store.proofs!(after) }),
    ...(store.placeAt !== undefined && { placeAt: (time: number) => store.placeAt!(time) }),
    trail: () => explaining(store),
    deadLetters: store.deadLetters,
    keys: async () =>
      (await store.records.list('agent')).flatMap(({ value }) => {
        const agent = agentSchema.safeParse(value).data
        return agent?.keys.map(({ id, pem }) => ({ agent: agent.id, key: id, pem })) ?? []
      }),
    counted: async () => {
      const agents = (await store.records.list('agent')).map(({ key }) => key)
      const chains = await Promise.all(
        agents.map(async (agent) => (await store.chains(agent)).map((chain) => ({ agent, ...chain }))),
      )
      const partitions = (await store.status()).partitions.map(({ category, name, events, bytes }) => ({
        category,
        name,
        events,
        isThere: bytes > 0,
      }))
      return { partitions, chains: chains.flat() }
    },
    close: () => store.close(),
  }
}

/** Acts of the trail that explain why something is not there. */
const EXPLAINING = ['retention-expire', 'dead-letter-discard'] as const

/**
 * Asks the index, which may be damaged itself. Without an answer, verification keeps in mind what is missing until it comes to the records
 * of the trail.
 */
async function explaining(store: Pick<StoreSource, 'search'>): Promise<AuditEvent[]> {
  const found: AuditEvent[] = []
  try {
    for (const value of EXPLAINING) {
      const query = { kind: 'equals', field: 'event.action', value } as const
      for (let after: string | undefined; ; ) {
        const page = await store.search({
          query,
          order: 'oldest',
          limit: 1000,
          ...(after !== undefined && { after }),
        })
        found.push(...page.events)
        if (page.next === null) break
        after = page.next
      }
    }
  } catch {
    return []
  }
  return found.filter((event) => isIndexerAgent(textAt(event, 'agent.id') ?? ''))
}
