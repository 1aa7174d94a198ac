import { useDeferredValue } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useFound } from '../api/use-found.ts'
import { idOf, text } from '../events/event.ts'
import { eventsWith, is } from '../events/question.ts'
import { KEY_NAMES, type KeyName } from '../frame/keys.ts'
import type { Screen } from '../frame/screens.tsx'
import { useSeesPeople } from '../people/use-people.ts'
import { useWho } from '../session/session.tsx'
import { useSettings } from '../settings/parts.ts'
import { counted } from '../time/format.ts'
import { FIRST_RANGES } from '../time/ranges.ts'
import { matches } from './matches.ts'
import { recentOf } from './recent.ts'

export interface Item {
  readonly group: string
  readonly name: string
  readonly about: string
  readonly to: string
  /** The key that goes there directly. */
  readonly key?: KeyName | undefined
  /** Whether it is among the recent ones after it was chosen. */
  readonly isKept: boolean
}

/** The completion of names begins with this many letters. */
const LEAST = 2
const SHOWN = '6'
/** Ids of events: the hexadecimal and dashed ones that Waybill and agents make are longer than any word. */
const EVENT_ID = /^(?=.*\d)[\w-]{12,256}$/

/** What is found for the typed text: recent ones first, then by kind. The indexer completes names, so limits and masks hold. */
export function useItems(
  typed: string,
  screens: readonly Screen[],
): { readonly items: readonly Item[]; readonly isLooking: boolean } {
  const { who } = useWho()
  const places = usePlaces(screens)
  const later = useDeferredValue(typed)
  const isName = later.length >= LEAST
  const people = usePersons(later, isName)
  const records = useNames('audit.entity.name', later, isName)
  const isId = EVENT_ID.test(later)
  const events = useFound({ q: is('event.id', later), sort: 'newest' }, 1, isId)
  const saved = useAsk('getSavedSearches', {}).data?.searches ?? []

  const found: Item[] = [
    ...places.filter(({ name }) => matches(typed, name)),
    ...people.values.map(({ id, name, count, systems }) => ({
      group: 'People',
      name,
      about: [counted(count, 'event'), ...systems].join(', '),
      to: `/people?${new URLSearchParams({ user: id })}`,
      isKept: true,
    })),
    ...records.values.map(({ value, count }) => ({
      group: 'Records',
      name: value,
      about: counted(count, 'event'),
      to: eventsWith(is('audit.entity.name', value)),
      isKept: true,
    })),
    ...(isId ? (events.data?.events ?? []) : []).map((event) => ({
      group: 'Events',
      name: text(event, 'message') || text(event, 'event.action'),
      about: idOf(event),
      to: `/events/${idOf(event)}`,
      isKept: true,
    })),
    ...saved
      .filter(({ name }) => matches(typed, name))
      .map(({ name, search, owner }) => ({
        group: 'Saved searches',
        name,
        about: owner === who.name ? '' : `shared by ${owner}`,
        to: `/events${search}`,
        isKept: true,
      })),
  ]
  const open = new Set(places.map(({ to }) => to.split('?')[0]))
  const recent = recentOf(who.name)
    // A role may have changed since.
    .filter(
      ({ name, to }) => matches(typed, name) && (open.has(to.split('?')[0]) || to.startsWith('/events/')),
    )
    .map((one) => ({ ...one, group: 'Recent', about: one.group, isKept: true }))
  const known = new Set(recent.map(({ to }) => to))
  const search: Item[] =
    typed === ''
      ? []
      : [
          {
            group: 'Search',
            name: `Search events for ${typed}`,
            about: '',
            to: eventsWith(typed, FIRST_RANGES['/events']),
            isKept: false,
          },
        ]
  const others = found.filter(({ to }) => !known.has(to))
  return {
    items: [...recent, ...exactFirst(typed, others), ...search],
    isLooking: typed !== later || people.isLooking || records.isLooking || (isId && events.isFetching),
  }
}

/** The whole name comes before what only begins like it, with the others of its kind: a person eve before the screen Events. */
function exactFirst(typed: string, items: readonly Item[]): Item[] {
  const isExact = ({ name }: Item): boolean => name.toLowerCase() === typed.toLowerCase()
  const sorted = [...items.filter(isExact), ...items.filter((item) => !isExact(item))]
  return [...Map.groupBy(sorted, ({ group }) => group).values()].flat()
}

/** The screens, and what is within them. */
function usePlaces(screens: readonly Screen[]): readonly Item[] {
  const settings = useSettings()
  const has = (path: string): boolean => screens.some((one) => one.path === path)
  const one = (name: string, to: string, about = ''): Item => ({
    group: 'Screens',
    name,
    about,
    to,
    key: KEY_NAMES.find((key) => key === to),
    isKept: true,
  })
  return [
    ...screens.map(({ name, path }) => one(name, path)),
    ...(has('/alerts') ? [one('Incidents', '/incidents')] : []),
    ...(has('/reports')
      ? [
          one('Past reports', '/reports/jobs', 'Reports'),
          one('Schedules', '/reports/schedules', 'Reports'),
          one('Coverage', '/reports/coverage', 'Reports'),
        ]
      : []),
    ...(has('/settings') ? settings.map(({ name, path }) => one(name, path, 'Settings')) : []),
  ]
}

interface Names {
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly isLooking: boolean
}

/** People whose name begins so; users, where accounts are not joined. */
function usePersons(prefix: string, isWanted: boolean) {
  const sees = useSeesPeople()
  const users = useNames('user.name', prefix, isWanted && !sees)
  const { data, isFetching, isPlaceholderData } = useAsk(
    'getPeople',
    { query: { prefix, top: SHOWN } },
    { enabled: isWanted && sees },
  )
  if (!sees)
    return {
      values: users.values.map(({ value, count }) => ({ id: value, name: value, count, systems: [] })),
      isLooking: users.isLooking,
    }
  const values = !isWanted || isPlaceholderData ? [] : (data?.people ?? [])
  return { values, isLooking: isWanted && isFetching }
}

/** Values of a field with this beginning, as far as this reader may see them; a masked field has none. */
function useNames(name: string, prefix: string, isWanted: boolean): Names {
  const { masked } = useWho().who
  // The indexer would refuse it.
  const enabled = isWanted && !masked.some((field) => name === field || name.startsWith(`${field}.`))
  const { data, isFetching, isPlaceholderData } = useAsk(
    'getFieldsNameValues',
    { params: { name }, query: { prefix, top: SHOWN } },
    { enabled },
  )
  const values = !enabled || isPlaceholderData ? [] : (data?.values ?? [])
  return {
    values: values.map(({ value, count }) => ({ value: String(value), count })),
    isLooking: enabled && isFetching,
  }
}
