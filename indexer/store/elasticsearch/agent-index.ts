import type { Client, estypes } from '@elastic/elasticsearch'
import type { ShownAgent } from '../port.ts'
import { gapsOf } from './chains.ts'
import type { Names } from './names.ts'
import { WHOLE } from './search.ts'

/** The version of the documents: docs/formats.md describes it. */
const FORMAT = 1
/** The gaps of one agent that its document names; `missing` counts all. */
const MOST_GAPS = 20
const AT_A_TIME = 1000
/** Waybills are counted again after this many times the duration of the last count: it then takes at most a twentieth of one core. */
const PAUSE = 20

/** The waybills of an agent that are stored, and those whose numbers are missing between them. */
interface Waybills {
  readonly waybills: number
  readonly missing: number
  /** The missing numbers, such as `3-4 of 0123abcd`, by incarnation. */
  readonly gaps: readonly string[]
}

/** One document an agent: its latest state, and the gaps in its waybills. */
export class AgentIndex {
  readonly #client: Client
  readonly #names: Names
  readonly #clock: () => number
  #waybills: ReadonlyMap<string, Waybills> = new Map()
  #countAgain = 0

  constructor(client: Client, names: Names, clock: () => number) {
    this.#client = client
    this.#names = names
    this.#clock = clock
  }

  async show(agents: readonly ShownAgent[]): Promise<void> {
    await this.#count()
    for (let i = 0; i < agents.length; i += AT_A_TIME) await this.#write(agents.slice(i, i + AT_A_TIME))
  }

  async #count(): Promise<void> {
    const began = this.#clock()
    if (began < this.#countAgain) return
    this.#waybills = await waybillsOf(this.#client, this.#names)
    const ended = this.#clock()
    this.#countAgain = ended + PAUSE * (ended - began)
  }

  /** Another indexer may have seen an agent later: its document stays. */
  async #write(agents: readonly ShownAgent[]): Promise<void> {
    const at = this.#clock()
    const { items } = await this.#client.bulk({
      index: this.#names.agents,
      operations: agents.flatMap((agent) => [
        { index: { _id: agent.id, version: agent.seen ?? 0, version_type: 'external_gte' } },
        { format: FORMAT, at, ...known(agent), ...(this.#waybills.get(agent.id) ?? NONE) },
      ]),
    })
    const refused = items.flatMap(({ index }) => (index === undefined ? [] : [index])).find(isRefused)
    if (refused !== undefined) throw new Error(refused.error?.reason ?? `it answers ${refused.status}`)
  }
}

const NONE: Waybills = { waybills: 0, missing: 0, gaps: [] }
const CONFLICT = 409
const isRefused = ({ status }: estypes.BulkResponseItem): boolean => status >= 300 && status !== CONFLICT

/** The members that have a value: a null would not be distinguished from a member that is not there. */
const known = (agent: ShownAgent) =>
  Object.fromEntries(Object.entries(agent).filter(([, value]) => value !== null))

const CHAIN = ['agent', 'incarnation'] as const
interface Chains {
  readonly after_key?: Record<string, string>
  readonly buckets: readonly {
    readonly key: Readonly<Record<(typeof CHAIN)[number], string>>
    readonly doc_count: number
    readonly last: { readonly value: number }
  }[]
}

/** Counts the settled waybills of all agents. Numbers begin with 1 in each incarnation, so the last one says how many there should be. */
async function waybillsOf(client: Client, names: Names): Promise<ReadonlyMap<string, Waybills>> {
  const settled = [{ term: { kind: 'waybill' } }, { term: { state: 'stored' } }]
  const all = new Map<string, Waybills>()
  let after: Record<string, string> | undefined
  do {
    const answer = await client.search<unknown, { chains: Chains }>({
      index: names.waybills,
      ...WHOLE,
      size: 0,
      query: { bool: { filter: settled } },
      aggregations: {
        chains: {
          composite: {
            size: AT_A_TIME,
            sources: CHAIN.map((field) => ({ [field]: { terms: { field } } })),
            ...(after !== undefined && { after }),
          },
          aggregations: { last: { max: { field: 'sequence' } } },
        },
      },
    })
    const chains = answer.aggregations?.chains
    for (const { key, doc_count: count, last } of chains?.buckets ?? []) {
      const { agent, incarnation } = key
      const before = all.get(agent) ?? NONE
      const missing = last.value - count
      const filter = [...settled, { term: { agent } }, { term: { incarnation } }]
      const gaps =
        missing === 0 || before.gaps.length >= MOST_GAPS
          ? []
          : await gapsOf(client, names, filter, { from: 1, to: last.value, count })
      all.set(agent, {
        waybills: before.waybills + count,
        missing: before.missing + missing,
        gaps: [
          ...before.gaps,
          ...gaps.map(
            ({ from, to }) => `${from === to ? from : `${from}-${to}`} of ${incarnation.slice(0, 8)}`,
          ),
        ].slice(0, MOST_GAPS),
      })
    }
    after = chains?.after_key
  } while (after !== undefined)
  return all
}
