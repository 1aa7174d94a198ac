import { FACETS, type FieldNode, ROOT, type Way } from '../index/index.ts'
import type { LineMemory } from './line-memory.ts'

/** The module's captures of members, besides indexing them. */
const CAPTURES: Readonly<Record<string, number>> = {
  '@timestamp': 1,
  'event.id': 2,
  'event.sequence': 3,
  'user.name': 4,
  'event.ingested': 5,
  'audit.words': 5,
  'audit.revision_of': 5,
  'audit.derived': 5,
  'source.as': 5,
  'source.geo': 5,
  'audit.change': 6,
  'audit.seal': 7,
}

/** The module's numbers of the ways; 0 means none. */
const KINDS: Readonly<Record<Way['kind'], number>> = {
  keyword: 1,
  text: 2,
  ip: 3,
  date: 4,
  number: 5,
  boolean: 6,
  flattened: 7,
  changes: 8,
  facet: 9,
  skip: 10,
}

const MEMBER_NUMBERS = 12
const FIRST_AND_MASK = 2

function nameHash(name: string): number {
  let hash = 0
  for (const byte of Buffer.from(name)) hash = (Math.imul(hash, 31) + byte) | 0
  return hash
}

/** The first place of each facet's values among those of all facets. */
export const FIRST_PLACES: readonly number[] = FACETS.map((_, facet) =>
  FACETS.slice(0, facet).reduce((sum, { length }) => sum + length, 0),
)

/** The place of the values of a facet's field. */
export function placeOfFacet(path: string): number {
  const facet = FACETS.findIndex((paths) => paths.includes(path))
  return FIRST_PLACES[facet]! + FACETS[facet]!.indexOf(path)
}

export type IndexedWay = Extract<Way, { readonly seed: number }>

/** The schema's members in the module's memory: the address of the root, the way of each member's address, and the address of each path. */
export interface Members {
  readonly root: number
  readonly ways: ReadonlyMap<number, IndexedWay>
  readonly addresses: ReadonlyMap<string, number>
}

/** Writes the schema's members into the module's memory. */
export function writeMembers(memory: LineMemory): Members {
  const ways = new Map<number, IndexedWay>()
  const addresses = new Map<string, number>()

  function writeNode(node: FieldNode, path: string): number {
    if (node.members.size === 0) return 0
    let slots = 4
    while (slots < node.members.size * 2) slots *= 2
    const address = memory.take(FIRST_AND_MASK + slots)
    memory.set(address + 4, slots - 1)
    const taken = new Set<number>()
    for (const [name, next] of node.members) {
      let slot = nameHash(name) & (slots - 1)
      while (taken.has(slot)) slot = (slot + 1) & (slots - 1)
      taken.add(slot)
      memory.set(
        address + (FIRST_AND_MASK + slot) * 4,
        writeMember(name, next, path === '' ? name : `${path}.${name}`),
      )
    }
    return address
  }

  function writeMember(name: string, { way, members }: FieldNode, path: string): number {
    const text = `"${name}":`
    const address = memory.take(MEMBER_NUMBERS)
    addresses.set(path, address)
    const isIndexed = way !== null && 'seed' in way
    if (isIndexed) ways.set(address, way)
    const numbers = [
      memory.keep(text),
      text.length,
      way === null ? 0 : KINDS[way.kind],
      CAPTURES[path] ?? 0,
      isIndexed ? way.seed : 0,
      isIndexed && way.words ? 1 : 0,
      isIndexed ? way.presence : 0,
      isIndexed ? way.held : -1,
      way?.kind === 'facet' ? FIRST_PLACES[way.facet]! + way.slot : 0,
      way === null ? writeNode({ way, members }, path) : 0,
      isIndexed && way.exact ? 1 : 0,
    ]
    for (const [i, number] of numbers.entries()) memory.set(address + i * 4, number)
    return address
  }

  return { root: writeNode(ROOT, ''), ways, addresses }
}
