import type { SourceStatus } from '../input.ts'
import type { Catalog } from './catalog.ts'
import type { Tail } from './source.ts'

/** How it stands with each source, and with the paths that can't be read. */
export function statusOf(catalog: Catalog, problems: ReadonlyMap<string, string>): SourceStatus[] {
  const all: SourceStatus[] = []
  for (const source of catalog.sources.values()) for (const tail of source.tails) all.push(statusOfTail(tail))
  for (const [path, problem] of problems)
    all.push({
      source: '',
      path,
      generation: 0,
      position: 0,
      read: 0,
      size: 0,
      state: 'blocked',
      problem,
      unfinished: 0,
      lastRead: null,
    })
  return all
}

function statusOfTail(tail: Tail): SourceStatus {
  return {
    source: tail.source.id,
    path: tail.source.path,
    generation: tail.generation,
    position: tail.position,
    read: tail.read,
    size: Math.max(tail.size, tail.read),
    state: stateOf(tail),
    problem: tail.problem,
    unfinished: tail.waitingAt === tail.size ? tail.size - tail.read : 0,
    lastRead: tail.lastRead,
  }
}

function stateOf(tail: Tail): SourceStatus['state'] {
  if (tail.problem !== null) return 'blocked'
  if (tail.held) return 'held'
  if (tail.gone !== null || (tail.inode === null && tail.reader === null)) return 'gone'
  return tail.read < tail.size && tail.waitingAt !== tail.size ? 'reading' : 'idle'
}
