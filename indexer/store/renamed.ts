import { leafHash, ownEventId, revisionEventId } from '../../schema/index.ts'
import type { Renaming } from './port.ts'

const sealedIn = (line: Buffer) =>
  JSON.parse(line.toString('utf8')) as { event: { id: string }; agent?: { id?: string } }

/** Returns the id that an event has instead of the sealed one. */
export function renamedId(line: Buffer, how: Renaming): string {
  const { event, agent } = sealedIn(line)
  if (how === 'revision') return revisionEventId(event.id, leafHash(line))
  return ownEventId(event.id, agent?.id ?? '', how === 'own' ? undefined : leafHash(line))
}

/** Returns how this id follows from the line: null if it is the sealed one, undefined if it does not follow. */
export function renamingOf(line: Buffer, id: string): Renaming | null | undefined {
  if (sealedIn(line).event.id === id) return null
  return (['revision', 'own', 'own-revision'] as const).find((how) => renamedId(line, how) === id)
}
