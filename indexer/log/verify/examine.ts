import type { KeyObject } from 'node:crypto'
import type { EventPlace, Finding, WaybillPlace } from '../../../schema/api/index.ts'
import { HASH_BYTES, isIndexerAgent, leafHash, merkleRoot, sha256 } from '../../../schema/index.ts'
import { type Manifest, manifestSchema, verifyWaybill } from '../../../schema/wire/index.ts'
import type {
  AbsentLine,
  Consignment,
  KeptLine,
  KeptWaybill,
  Proof as StoredProof,
} from '../../store/port.ts'
import { type Differences, differencesOf } from './align.ts'
import { changesIn, differingFields } from './fields.ts'
import { eventName, idIn, waybillName } from './names.ts'

/** The keys that a verification believes. */
export interface Keys {
  /** Null if no such key of this agent is believed. */
  find(agent: string, key: string): KeyObject | null
}

/** What the lines and hashes of one waybill prove by themselves. */
export interface Examined {
  readonly at: WaybillPlace
  /** Null if it can't be read. */
  readonly manifest: ExaminedManifest | null
  /** The time of receipt, ms, as the source tells it. */
  readonly received: number
  /** Lines that are here. */
  readonly lines: number
  readonly told: { readonly stored: number; readonly duplicate: number; readonly dead: number }
  /** The signed root was computed again from these lines and the hashes of the others. */
  readonly isProved: boolean
  /** `unknown`: its key is not believed. */
  readonly signature: 'valid' | 'invalid' | 'unknown'
  /** Sealed lines that are not here. */
  readonly absent: readonly AbsentLine[]
  /** Whether the source tells what became of each line. */
  readonly hasFates: boolean
  readonly findings: readonly Finding[]
  /** Lines that were not sealed there, with their leaf hashes: they may be sealed elsewhere. */
  readonly inserted: readonly Inserted[]
  /** Lines of the indexer's own trail that were proved. */
  readonly trail: readonly Buffer[]
}

export interface ExaminedManifest
  extends Pick<Manifest, 'key' | 'previous' | 'cites' | 'created' | 'events' | 'root'> {
  readonly hash: string
}

export interface Inserted {
  /** Hex. */
  readonly leaf: string
  readonly finding: Finding & { readonly kind: 'event-inserted' }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Examines a waybill whose lines the source has proved against the root in its manifest. */
export function examineProof(proof: StoredProof, keys: Keys): Examined {
  const { agent, incarnation, sequence, lines, absent, hasFates, ...waybill } = proof
  const at: WaybillPlace = { agent, incarnation, sequence }
  const head = examineHead(at, waybill, keys)
  const isProved = head.manifest !== null
  return { ...head, at, lines, isProved, absent: isProved ? absent : [], hasFates, inserted: [], trail: [] }
}

/** Examines one waybill and its lines. A line is Waybill's only if it has the hash that its agent sealed. */
export function examine(consignment: Consignment, keys: Keys): Examined {
  const { agent, incarnation, sequence, waybill, lines } = consignment
  if (waybill === null) throw new Error('lines apart from their waybill prove nothing by themselves')
  const at: WaybillPlace = { agent, incarnation, sequence }
  const head = examineHead(at, waybill, keys)
  const { manifest, signature } = head
  const common = { ...head, at, lines: lines.length, hasFates: waybill.fates !== null }
  if (manifest === null) return { ...common, isProved: false, absent: [], inserted: [], trail: [] }
  const { isProved, absent, findings, inserted } = prove({ ...consignment, waybill }, manifest, at)
  const isTrail = isIndexerAgent(agent) && isProved && signature === 'valid'
  return {
    ...common,
    isProved,
    absent,
    findings: [...head.findings, ...findings],
    inserted,
    trail: isTrail ? lines.map(({ line }) => line) : [],
  }
}

/** What the manifest and the signature of a waybill prove without its lines. */
function examineHead(
  at: WaybillPlace,
  waybill: Pick<KeptWaybill, 'manifest' | 'signature' | 'at' | 'result'>,
  keys: Keys,
): Pick<Examined, 'manifest' | 'received' | 'told' | 'signature' | 'findings'> {
  const { stored, duplicate, dead } = waybill.result
  const common = { received: waybill.at, told: { stored, duplicate, dead } }
  const manifest = readManifest(waybill.manifest)
  if (manifest === null || !isOf(manifest, at)) {
    const why = manifest === null ? 'its manifest can’t be read' : 'its manifest is that of another waybill'
    const sentence = `${waybillName(at)} was changed: ${why}.`
    const finding: Finding = { kind: 'waybill-changed', weight: 'wrong', at, sentence }
    return { ...common, manifest: null, signature: 'invalid', findings: [finding] }
  }
  const key = keys.find(at.agent, manifest.key)
  const isSigned =
    key !== null && verifyWaybill({ manifestBytes: waybill.manifest, signature: waybill.signature }, key)
  const signature = key === null ? 'unknown' : isSigned ? 'valid' : 'invalid'
  const findings: Finding[] = []
  if (signature === 'invalid')
    findings.push({
      kind: 'signature-invalid',
      weight: 'wrong',
      at,
      sentence: `${waybillName(at)} was changed: its manifest does not have the signature of key ${manifest.key} of its agent.`,
    })
  return { ...common, manifest: { ...manifest, hash: sha256(waybill.manifest) }, signature, findings }
}

/** The manifest of a waybill; null if it is none. */
function readManifest(bytes: Buffer): Manifest | null {
  try {
    return manifestSchema.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? null
  } catch {
    return null
  }
}

const isOf = ({ agent, incarnation, sequence }: Manifest, at: WaybillPlace): boolean =>
  agent === at.agent && incarnation === at.incarnation && sequence === at.sequence

interface Proof {
  readonly isProved: boolean
  readonly absent: readonly AbsentLine[]
  readonly findings: readonly Finding[]
  readonly inserted: readonly Inserted[]
}

type HashedLine = KeptLine & { readonly leaf: Buffer }

function prove(
  { waybill, lines }: Consignment & { readonly waybill: KeptWaybill },
  { events, root }: Pick<Manifest, 'events' | 'root'>,
  at: WaybillPlace,
): Proof {
  const { leaves, sealed, fates } = waybill
  const hashed = lines.map((line): HashedLine => ({ ...line, leaf: leafHash(line.line) }))
  const own = new Map<number, Buffer>()
  let isPlain = true
  for (const { position, leaf } of hashed) {
    if (position >= events || own.has(position)) isPlain = false
    else own.set(position, leaf)
  }
  const keptAt = (position: number): Buffer | undefined => sealed.get(position) ?? leaves.get(position)
  const absentOf = (
    positions: readonly number[],
    leafOf: (position: number) => Buffer | null,
  ): AbsentLine[] =>
    positions.map((position) => ({
      position,
      leaf: leafOf(position),
      fate: fates === null || fates.length !== events ? undefined : fates[position],
    }))
  const without = Array.from({ length: events }, (_, position) => position).filter(
    (position) => !own.has(position),
  )
  const found = isPlain ? hashesOf(events, (position) => own.get(position) ?? leaves.get(position)) : null
  if (found !== null && rootOf(found) === root) {
    const absent = absentOf(without, (position) => leaves.get(position) ?? null)
    const other = hashed.filter(({ position, leaf }) => sealed.get(position)?.equals(leaf) === false)
    const findings = other.length === 0 ? [] : [keptOtherwise(at, other)]
    return { isProved: true, absent, findings, inserted: [] }
  }
  const kept = hashesOf(events, keptAt)
  if (kept !== null && rootOf(kept) === root) {
    const differences = differencesOf(kept, hashed)
    return {
      isProved: false,
      absent: absentOf(differences.missing, (position) => kept[position]!),
      findings: namesOf(differences, at),
      inserted: differences.inserted.map((line) => insertedAt(at, line)),
    }
  }
  // A store of an older version has no hashes of waybills whose lines have all expired, and of others only some.
  if (isPlain && lines.length === 0 && leaves.size === 0)
    return { isProved: false, absent: absentOf(without, () => null), findings: [], inserted: [] }
  return {
    isProved: false,
    absent: absentOf(without, () => null),
    findings: unnamed(at, hashed, keptAt, events),
    inserted: [],
  }
}

/** All leaf hashes of a waybill; null if one is missing. */
function hashesOf(events: number, hashAt: (position: number) => Buffer | undefined): Buffer[] | null {
  const all: Buffer[] = []
  for (let position = 0; position < events; position++) {
    const leaf = hashAt(position)
    if (leaf?.length !== HASH_BYTES) return null
    all.push(leaf)
  }
  return all
}

const rootOf = (leaves: readonly Buffer[]): string => hex(merkleRoot(Buffer.concat(leaves)))

const placeOf = (at: WaybillPlace, position: number, line: Buffer | null): EventPlace => ({
  ...at,
  position,
  event: line === null ? null : idIn(line),
})

/** Names the differences. `sealedLine` gives the line that was sealed at a position, from another copy. */
function namesOf(
  { changed, swapped, moved }: Differences<HashedLine>,
  at: WaybillPlace,
  sealedLine: (position: number) => Buffer | undefined = () => undefined,
): Finding[] {
  const findings: Finding[] = []
  for (const { position, line } of changed) {
    const place = placeOf(at, position, line.line)
    const copy = sealedLine(position)
    const fields = copy === undefined ? null : differingFields(copy, line.line)
    findings.push({
      kind: 'event-changed',
      weight: 'wrong',
      at: place,
      fields,
      sentence: `${eventName(place)} was changed: ${fields === null ? 'it does not have its sealed hash any more' : changesIn(fields)}.`,
    })
  }
  for (const [one, other] of swapped) {
    const [here, there] = [placeOf(at, one.position, one.line), placeOf(at, other.position, other.line)]
    findings.push({
      kind: 'events-swapped',
      weight: 'wrong',
      at: here,
      with: there,
      sentence: `${eventName(here)} and the one at position ${there.position} were swapped.`,
    })
  }
  for (const { from, line } of moved) {
    const [here, sealed] = [placeOf(at, line.position, line.line), placeOf(at, from, line.line)]
    findings.push({
      kind: 'event-moved',
      weight: 'wrong',
      at: here,
      from: sealed,
      sentence: `${eventName(here)} was moved: it was sealed at position ${from}.`,
    })
  }
  return findings
}

function insertedAt(at: WaybillPlace, { position, line, leaf }: HashedLine): Inserted {
  const place = placeOf(at, position, line)
  const sentence = `${eventName(place)} was inserted: its agent did not seal it.`
  return { leaf: hex(leaf), finding: { kind: 'event-inserted', weight: 'wrong', at: place, sentence } }
}

/**
 * Names what is wrong with the lines of a waybill by another copy of it. Null if the copy is not the waybill that was sealed, as far as that
 * can be proved.
 */
export function comparedWith(
  copy: Consignment,
  { lines, root }: { readonly lines: readonly KeptLine[]; readonly root: string },
): { readonly findings: Finding[]; readonly sealed: ReadonlyMap<number, Buffer> } | null {
  const { agent, incarnation, sequence } = copy
  const sealed = new Map(copy.lines.map(({ position, line }) => [position, line]))
  const kept = copy.waybill
  const leaves = hashesOf(copy.waybill === null ? 0 : eventsIn(copy.waybill), (position) => {
    const line = sealed.get(position)
    return line === undefined ? (kept?.leaves.get(position) ?? kept?.sealed.get(position)) : leafHash(line)
  })
  if (leaves === null || rootOf(leaves) !== root) return null
  const hashed = lines.map((line): HashedLine => ({ ...line, leaf: leafHash(line.line) }))
  const differences = differencesOf(leaves, hashed)
  const at = { agent, incarnation, sequence }
  const inserted = differences.inserted.map((line) => insertedAt(at, line).finding)
  return { findings: [...namesOf(differences, at, (position) => sealed.get(position)), ...inserted], sealed }
}

const eventsIn = ({ manifest }: KeptWaybill): number => readManifest(manifest)?.events ?? 0

/** The lines are the sealed ones, and the store keeps other hashes of them. */
function keptOtherwise(at: WaybillPlace, lines: readonly HashedLine[]): Finding {
  const positions = lines.map(({ position }) => position)
  return {
    kind: 'leaf-hashes-changed',
    weight: 'wrong',
    at,
    positions,
    sentence: `The kept hashes of ${waybillName(at)} were changed at ${listed(positions)}; the lines themselves are as they were sealed.`,
  }
}

/** Neither the lines nor the kept hashes give the signed root. */
function unnamed(
  at: WaybillPlace,
  lines: readonly HashedLine[],
  keptAt: (position: number) => Buffer | undefined,
  events: number,
): Finding[] {
  const findings: Finding[] = []
  for (const line of lines) {
    const place = placeOf(at, line.position, line.line)
    if (line.position >= events) {
      const sentence = `${eventName(place)} was inserted: the waybill has ${events} events.`
      findings.push({ kind: 'event-inserted', weight: 'wrong', at: place, sentence })
    } else if (keptAt(line.position)?.equals(line.leaf) === false) {
      const sentence = `${eventName(place)} was changed, or its kept hash was: they do not agree.`
      findings.push({ kind: 'event-changed', weight: 'wrong', at: place, fields: null, sentence })
    }
  }
  const without = Array.from({ length: events }, (_, position) => position).filter(
    (position) => keptAt(position) === undefined && !lines.some((line) => line.position === position),
  )
  if (findings.length === 0 && without.length > 0)
    return [
      {
        kind: 'leaf-hashes-changed',
        weight: 'wrong',
        at,
        positions: without,
        sentence: `${waybillName(at)} can't be proved: it has neither the line nor the hash at ${listed(without)}. They were removed.`,
      },
    ]
  findings.push({
    kind: 'root-differs',
    weight: 'wrong',
    at,
    sentence: `The lines of ${waybillName(at)} are not those that its agent signed: they have another root. ${
      findings.length > 0
        ? 'Its kept hashes were changed, too.'
        : 'A line was changed, removed, inserted or moved, together with its kept hash or in a store that keeps none; another copy (--compare) shows which one.'
    }`,
  })
  return findings
}

const NAMED = 10
const listed = (positions: readonly number[]): string =>
  `position${positions.length === 1 ? '' : 's'} ${positions.slice(0, NAMED).join(', ')}${positions.length > NAMED ? ` and ${positions.length - NAMED} more` : ''}`
