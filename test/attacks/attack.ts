import type { Person } from '../../indexer/api/testing/people.ts'
import type { Answer, TestAgent } from '../../indexer/ingest/testing.ts'
import type { Role } from '../../schema/api/index.ts'

/** The token of a watch, which may deliver alerts. */
export const WATCHER = 'a-token-for-watches-1'

/** One attack on a running indexer. It resolves when the indexer has withstood it, and throws what it got through with. */
export interface Attack {
  /** A sentence about the attack: `an agent writes in the name of another`. */
  readonly name: string
  /** It waits for what the indexer does once a minute: it is begun before all others, to continue beside them. */
  readonly waits?: true
  run(ground: AttackGround): Promise<void>
}

/** A running indexer, a process of its own, with agents that are enrolled there; all attacks of a run share it. */
export interface AttackGround {
  readonly url: string
  readonly port: number
  ask(
    path: string,
    options?: { method?: 'POST' | 'PUT' | 'DELETE'; json?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>
  /** Returns the headers of the operator of the indexer's machine. */
  operator(): Promise<Record<string, string>>
  /** Enrolls an agent with a name and a host that no other one has. */
  agent(): Promise<TestAgent>
  /** A user who is signed in, with a name that no other one has. Managers see `source.ip` masked. */
  person(role: Role, limits?: object): Promise<Person & { readonly name: string }>
  /** Everything that a query finds, as the indexer lists it. */
  events(query: string): Promise<readonly Record<string, unknown>[]>
}
