import type { Finding } from '../../../schema/api/index.ts'
import type { AuditEvent, Category } from '../../../schema/index.ts'
import type { Consignments, DeadLetters, ProofPage } from '../../store/port.ts'

/**
 * Something that holds evidence: a store, a cluster, an archive, exported events. Verification reads nothing else, and believes nothing
 * that a source says of itself without checking it.
 */
export interface EvidenceSource {
  readonly kind: 'store' | 'cluster' | 'archive' | 'events'
  /** Its place for people, such as `the store in /var/lib/waybill/store`. */
  readonly place: string
  /**
   * `all`: what is not there was a duplicate, is a dead letter, has expired, or was removed. `part`: more may be elsewhere, as with one
   * object of an archive, so a missing line or waybill is no finding.
   */
  readonly holds: 'all' | 'part'
  /** The waybills with their lines. Leaf hashes may cover all lines, also those that are here: the line is compared with its hash then. */
  readonly consignments: Pick<Consignments, 'list'>
  /** A faster way to the same waybills, up to the last one; `consignments` has what is after them. */
  proofs?(after: string | null): AsyncIterable<ProofPage>
  /** The place before the first waybill that was received at this time (ms) or later; null if it is the beginning. */
  placeAt?(time: number): Promise<string | null>
  /** The transparency logs that lie beside it. */
  readonly logs: readonly EvidenceLog[]
  /** The keys of agents as the source has them. They count only if the policy trusts them, or if there is no policy. */
  keys(): Promise<readonly AgentKey[]>
  /** The dead letters; null if the source has none of its own. */
  readonly deadLetters: Pick<DeadLetters, 'list'> | null
  /**
   * Events of the indexers' own trail that may explain why something is not there (`explanationIn`), in whatever order. They are believed
   * only once their waybills are proved. Without this method, all lines that have expired are kept in mind until their records come.
   */
  trail?(): Promise<readonly AuditEvent[]>
  /** What the source says that it has; null if it keeps no counts. */
  counted(): Promise<Counted | null>
  /** What was wrong with the source itself, as far as it was read: its waybills are not those of a damaged object. */
  faults?(): readonly Finding[]
  close(): Promise<void>
}

/** A log as files (tlog-tiles): `checkpoint`, `tile/...`, `tile/entries/...`. */
export interface EvidenceLog {
  readonly place: string
  /** Null if there is no such file. */
  readonly read: (path: string) => Promise<Buffer | null>
}

export interface AgentKey {
  readonly agent: string
  readonly key: string
  /** SPKI in PEM. */
  readonly pem: string
}

/** What a source counts of itself. */
export interface Counted {
  readonly partitions: readonly {
    readonly category: Category
    readonly name: string
    readonly events: number
    /** Whether its data is there at all. */
    readonly isThere: boolean
  }[]
  /** By agent and incarnation. */
  readonly chains: readonly {
    readonly agent: string
    readonly incarnation: string
    readonly first: number
    readonly last: number
    readonly lastHash: string
    readonly waybills: number
  }[]
}
