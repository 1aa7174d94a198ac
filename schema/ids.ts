import { hash } from 'node:crypto'

declare const brand: unique symbol
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** The indexer assigns it at enrolment. */
export type AgentId = Brand<string, 'AgentId'>
/** 128 random bits in hex: new with each data folder, and after a fork. */
export type Incarnation = Brand<string, 'Incarnation'>
/** 128 random bits in hex: minted when the agent first sees a file. */
export type SourceId = Brand<string, 'SourceId'>
/** 160 bits in hex. */
export type EventId = Brand<string, 'EventId'>
/** SHA-256 in hex. */
export type Sha256 = Brand<string, 'Sha256'>

const HEX = /^[0-9a-f]+$/
const isHex = (value: string, length: number): boolean => value.length === length && HEX.test(value)

export const isAgentId = (value: string): value is AgentId => /^[a-z0-9][a-z0-9-]{2,63}$/.test(value)
export const isIncarnation = (value: string): value is Incarnation => isHex(value, 32)
export const isSourceId = (value: string): value is SourceId => isHex(value, 32)
export const isEventId = (value: string): value is EventId => isHex(value, 40)
export const isSha256 = (value: string): value is Sha256 => isHex(value, 64)

/**
 * The identity of a record by its place: 96 bits of SHA-256 over source and generation, then its start offset in 64 bits. The offset is
 * visible at the end, not inside the hash, so that the ids of one file ascend: a unique index over them grows at one place per file and
 * stays as fast at ten million events as at ten thousand (docs/design/performance-notes.md has the measurement).
 */
export function mintedIdPrefix(source: SourceId, generation: number): string {
  return hash('sha256', `waybill/event/1\n${source}\n${generation}`).slice(0, 24)
}

export function mintedEventId(prefix: string, offset: number): EventId {
  return (prefix + offset.toString(16).padStart(16, '0')) as EventId
}

/**
 * The identity of a record by its own key, for exports that are written again and overlap: SHA-256 over namespace, source system and key,
 * 159 bits of it and the mark. Parts are length-prefixed: different lists give different texts.
 */
export function declaredEventId(namespace: string, system: string, key: readonly string[]): EventId {
  let parts = declaredKeyHead(namespace, system)
  for (const part of key) parts += `${part.length}:${part}`
  return declaredEventIdOver(parts)
}

/** The beginning of all keys of a source system. */
export const declaredKeyHead = (namespace: string, system: string): string =>
  `waybill/declared/1\n${namespace.length}:${namespace}${system.length}:${system}`

/** The same for a composed key: the head, then each part after its length. */
export const declaredEventIdOver = (parts: string | Uint8Array): EventId => marked(hash('sha256', parts))

/**
 * A declared id carries a mark, so that its bearer knows how to treat other content with the same id: the highest bit of its last 64.
 * Minted ids have an offset there, which never comes near 2^63.
 */
const MARK_AT = 24
const marked = (hex: string): EventId =>
  (hex.slice(0, MARK_AT) +
    (Number.parseInt(hex.charAt(MARK_AT), 16) | 8).toString(16) +
    hex.slice(MARK_AT + 1, 40)) as EventId

export const isDeclaredId = (id: string): boolean => Number.parseInt(id.charAt(MARK_AT), 16) >= 8

/**
 * The id of other content with a known declared key. It depends on the key's id and the leaf hash of that content, so that the same
 * revision always has the same id.
 */
export function revisionEventId(id: string, leaf: Uint8Array): EventId {
  return marked(hash('sha256', `waybill/revision/1\n${id}\n${Buffer.from(leaf).toString('hex')}`))
}

/**
 * The id of an agent's event whose own id another agent shipped earlier: ids can be predicted, so an agent must not be able to claim
 * another's id. Without `leaf`, it is the id of the agent's first content under that id; with `leaf`, of another content. The mark shows
 * that the indexer gave the id: the indexer accepts no such id from an agent.
 */
export function ownEventId(id: string, agent: string, leaf?: Uint8Array): EventId {
  const content = leaf === undefined ? '' : Buffer.from(leaf).toString('hex')
  const hex = hash('sha256', `waybill/own/1\n${id}\n${agent}\n${content}`)
  return (hex.slice(0, MARK_AT) + GIVEN + hex.slice(MARK_AT, 40 - GIVEN.length)) as EventId
}

const GIVEN = 'f'.repeat(12)

/** Whether only the indexer gives such an id. By chance an agent's id has this mark once in 10^14. */
export const isGivenId = (id: string): boolean => id.startsWith(GIVEN, MARK_AT)

/** The agent id of an indexer itself: no agent has such an id, since enrolment assigns those of hosts. */
export const indexerAgentId = (key: string): string => `${INDEXER}${key}`
export const isIndexerAgent = (agent: string): boolean => agent.startsWith(INDEXER)
export const INDEXER = 'indexer-'

export const sha256 = (bytes: Uint8Array | string): Sha256 => hash('sha256', bytes) as Sha256
