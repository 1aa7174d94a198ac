import { setTimeout as pause } from 'node:timers/promises'
import { askStatus } from '../../agent/control.ts'
import type { Ledger } from '../../schema/wire/index.ts'

const EVERY_MS = 50
/** The indexer is asked once in this many looks: what it has comes with heartbeats. */
const INDEXER_EVERY = 5

export interface Watched {
  /** The agent's data folder. */
  readonly data: string
  /** The indexer that receives the heartbeats. */
  readonly indexer: string
  /** The address of the agent's own metrics, if it serves them. */
  readonly metrics?: string
  /** The most records that there are to read, so that none is counted twice. */
  readonly atMost?: number
}

const sumOf = (ledger: Ledger): number =>
  ledger.stored +
  ledger.duplicate +
  ledger.filtered +
  ledger.dead +
  ledger.quarantined +
  ledger.discarded +
  ledger.pending

/**
 * Checks the account of an agent all the time, wherever it is shown: `status`, the agent's metrics, and the heartbeats at the indexer. If
 * it did not add up at any moment, `stop` reports that.
 */
export class AccountWatch {
  readonly #watched: Watched
  readonly #wrong = new Set<string>()
  #looks = 0
  #watching = true
  readonly #ended: Promise<void>

  constructor(watched: Watched) {
    this.#watched = watched
    this.#ended = this.#watch()
  }

  /** How often the agent answered; throws if an account was off. */
  async stop(): Promise<number> {
    this.#watching = false
    await this.#ended
    if (this.#wrong.size > 0)
      throw new Error(`the account was off:\n${[...this.#wrong].slice(0, 5).join('\n')}`)
    return this.#looks
  }

  async #watch(): Promise<void> {
    for (let round = 0; this.#watching; round++) {
      // A process that is killed in the meantime breaks its connections off.
      await this.#lookAtStatus().catch(notThere)
      if (this.#watched.metrics !== undefined)
        await this.#lookAtMetrics(this.#watched.metrics).catch(notThere)
      if (round % INDEXER_EVERY === 0) await this.#lookAtIndexer().catch(notThere)
      await pause(EVERY_MS)
    }
  }

  async #lookAtStatus(): Promise<void> {
    const status = await askStatus(this.#watched.data)
    if (status?.enrolled !== true) return
    this.#looks++
    this.#check('status', status.total)
    for (const { path, ledger } of status.sources) this.#check(`status of ${path}`, ledger)
  }

  async #lookAtMetrics(url: string): Promise<void> {
    const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) })).text()
    const figures = text.matchAll(/^waybill_agent_records\{account="(\w+)"\} (\d+)$/gm)
    this.#check(
      'the metrics',
      Object.fromEntries([...figures].map(([, name, n]) => [name, Number(n)])) as Ledger,
    )
  }

  async #lookAtIndexer(): Promise<void> {
    const answer = await fetch(`${this.#watched.indexer}/v1/agents`, { signal: AbortSignal.timeout(5000) })
    if (!answer.ok) return
    const { agents } = (await answer.json()) as { agents: { name: string; ledger: Ledger | null }[] }
    for (const { name, ledger } of agents)
      if (ledger !== null) this.#check(`the heartbeat of ${name}`, ledger)
  }

  #check(where: string, ledger: Ledger): void {
    const { atMost = Number.POSITIVE_INFINITY } = this.#watched
    if (ledger.read === sumOf(ledger) && ledger.read <= atMost) return
    this.#wrong.add(
      `${where}: ${JSON.stringify(ledger)}${ledger.read > atMost ? `, of ${atMost} records` : ''}`,
    )
  }
}

function notThere(problem: unknown): void {
  if (problem instanceof TypeError || problem instanceof SyntaxError || problem instanceof DOMException)
    return
  if (problem instanceof Error && 'code' in problem) return
  throw problem
}
