import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { seesRecords, useWho } from '../session/session.tsx'
import { rangeOf } from '../time/ranges.ts'

export type Listed = Answer<'getPeople'>['people'][number]

/** Whether it is known which accounts are one person's: not for a user who sees only some events, or some fields masked. */
export const useSeesPeople = (): boolean => seesRecords(useWho().who)

/** The people of a period, the most active first; the users, where accounts are not joined. */
export function usePeople(
  range: string,
  q = '',
  isWanted = true,
): { people: readonly Listed[]; isPending: boolean } {
  const sees = useSeesPeople()
  const people = useAsk(
    'getPeople',
    { query: { q, ...rangeOf(range), top: '200' } },
    { enabled: sees && isWanted },
  )
  const users = useAsk(
    'postAggregate',
    { body: { q, ...rangeOf(range), by: [{ kind: 'values', field: 'user.name', top: 200 }] } },
    { enabled: !sees && isWanted },
  )
  if (sees) return { people: people.data?.people ?? [], isPending: people.isPending }
  const buckets = users.data?.split?.buckets ?? []
  return {
    people: buckets.map(({ key, count }) => ({
      ...{ id: String(key), name: String(key), count },
      ...{ listed: false, systems: [] },
    })),
    isPending: users.isPending,
  }
}

/** One person by id, name or account; undefined while nobody is known by that. */
export function usePerson(named: string): Answer<'getPeopleOne'> | undefined {
  const sees = useSeesPeople()
  const { data, isPlaceholderData } = useAsk(
    'getPeopleOne',
    { query: { person: named } },
    { enabled: sees && named !== '' },
  )
  return sees && named !== '' && !isPlaceholderData ? data : undefined
}

/** Different people may have one name: then each is shown with the id. */
export function labelIn(people: readonly Listed[]): (person: Listed) => string {
  const counts = new Map<string, number>()
  for (const { name } of people) counts.set(name, (counts.get(name) ?? 0) + 1)
  return ({ id, name }) => ((counts.get(name) ?? 0) > 1 ? `${name} (${id})` : name)
}
