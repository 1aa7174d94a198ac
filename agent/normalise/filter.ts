import type { Asked } from './condition.ts'
import { type EventType, folded, type Integration } from './integration.ts'
import { leafOf } from './layout.ts'
import type { EventCatalogue, EventRule } from './settings.ts'

const ENTITIES = [leafOf('audit.entity.type'), leafOf('audit.module')]
const USERS = [leafOf('user.name'), leafOf('user.id'), leafOf('user.email')]
const HOSTS = [leafOf('host.name')]

/** Whether an event of this type is recorded, that has these fields. */
export type EventFilter = (type: EventType | null, asked: Asked) => boolean

/** The type of a record that is none of the integration's types. */
const otherOf = (integration: Integration): string => `${integration.name}.other`

/**
 * The rules as one decision; null where every record is recorded anyway. A rule of this host is stronger than a central one; among
 * equals the one that names more of entity, user and host; then the one that names the event type itself; then the later one.
 * What is mandatory is always recorded.
 */
export function eventFilter(
  integration: Integration,
  rules: { readonly central: readonly EventRule[]; readonly local: readonly EventRule[] },
): EventFilter | null {
  const ranked = [
    ...rules.central.map((rule, i) => ranking(rule, 0, i)),
    ...rules.local.map((rule, i) => ranking(rule, 1, i)),
  ].sort((a, b) => compare(b.rank, a.rank))
  const off = integration.events.some((type) => !type.recorded)
  if (!off && !ranked.some(({ rule }) => rule.record === 'off' && mayApply(rule, integration))) return null
  const other = otherOf(integration)
  return (type, asked) => {
    if (type?.mandatory === true) return true
    const id = type?.id ?? other
    const ruling = ranked.find(({ applies }) => applies(id, asked))
    return ruling === undefined ? (type?.recorded ?? true) : ruling.rule.record === 'on'
  }
}

/** The types of an integration that can be switched, and that of all other records. */
export function catalogueOf(integration: Integration): EventCatalogue {
  const { name, title, events } = integration
  const types = events.map(({ id, title, group, mandatory, recorded }: EventType) => ({
    id,
    title,
    group,
    mandatory,
    recorded,
  }))
  const other = {
    id: otherOf(integration),
    title: 'Everything else',
    group: 'Other',
    mandatory: false,
    recorded: true,
  }
  return { integration: name, title, types: [...types, other] }
}

interface Ranked {
  readonly rule: EventRule
  readonly rank: readonly number[]
  readonly applies: (id: string, asked: Asked) => boolean
}

function ranking(rule: EventRule, origin: number, place: number): Ranked {
  const named = [rule.entity, rule.user, rule.host].filter((name) => name !== undefined).length
  const exact = rule.event.includes('*') ? 0 : 1
  const isEvent = matcher(rule.event)
  const wants = [
    { leaves: ENTITIES, name: rule.entity },
    { leaves: USERS, name: rule.user },
    { leaves: HOSTS, name: rule.host },
  ].flatMap(({ leaves, name }) => (name === undefined ? [] : [{ leaves, fold: folded(name) }]))
  return {
    rule,
    rank: [origin, named, exact, rule.event.length, place],
    applies: (id, asked) =>
      isEvent(id) &&
      wants.every(({ leaves, fold }) => leaves.some((leaf) => sameText(asked.field(leaf), fold))),
  }
}

const sameText = (text: string | undefined, fold: string): boolean =>
  text !== undefined && folded(text) === fold

/** `*` stands for anything, at the end. */
function matcher(event: string): (id: string) => boolean {
  if (!event.endsWith('*')) return (id) => id === event
  const beginning = event.slice(0, -1)
  return (id) => id.startsWith(beginning)
}

const mayApply = (rule: EventRule, integration: Integration): boolean => {
  const isEvent = matcher(rule.event)
  return integration.events.some(({ id }) => isEvent(id)) || isEvent(otherOf(integration))
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}
