import { nameHash } from './json-bytes.ts'
import { type FieldNode, ROOT, type Way } from './layout.ts'

/** What the fast reader does with a member besides indexing it. */
export const CAPTURE = { none: 0, time: 1, id: 2, sequence: 3, user: 4, derived: 5 } as const
export type Capture = (typeof CAPTURE)[keyof typeof CAPTURE]

const CAPTURES: Readonly<Record<string, Capture>> = {
  '@timestamp': CAPTURE.time,
  'event.id': CAPTURE.id,
  'event.sequence': CAPTURE.sequence,
  'user.name': CAPTURE.user,
  'event.ingested': CAPTURE.derived,
  'audit.seal': CAPTURE.derived,
  'audit.words': CAPTURE.derived,
  'audit.revision_of': CAPTURE.derived,
  'audit.derived': CAPTURE.derived,
  'source.as': CAPTURE.derived,
  'source.geo': CAPTURE.derived,
}

/** A member of the schema, found by its name's bytes. */
export interface Member {
  readonly name: Uint8Array
  readonly way: Way | null
  readonly capture: Capture
  readonly members: Members | null
  /** What came behind it last time: lines of one source have the same members. */
  follower: Member | null
}

export interface Members {
  readonly byHash: ReadonlyMap<number, Member>
  /** What came first last time. */
  first: Member | null
}

function membersOf(node: FieldNode, path: string): Members | null {
  if (node.members.size === 0) return null
  const members = new Map<number, Member>()
  for (const [name, next] of node.members) {
    const own = path === '' ? name : `${path}.${name}`
    const bytes = Buffer.from(name)
    const hash = nameHash(bytes)
    if (members.has(hash)) throw new Error(`two members of ${path} have one hash`)
    members.set(hash, {
      name: bytes,
      way: next.way,
      capture: CAPTURES[own] ?? CAPTURE.none,
      members: membersOf(next, own),
      follower: null,
    })
  }
  return { byHash: members, first: null }
}
export const MEMBERS = membersOf(ROOT, '')!
