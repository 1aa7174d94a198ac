import { closest } from '../../config/index.ts'
import { type EventRule, scopeKey, scopeText } from '../../schema/index.ts'
import type { Catalogue } from './catalogue.ts'

/**
 * What is wrong with rules, in a sentence with the place; null where nothing is. A rule about types that are not known any more is
 * let be where it stood before: an integration that changed must not keep others from being switched.
 */
export function problemOf(
  rules: readonly EventRule[],
  before: readonly EventRule[],
  catalogue: Catalogue,
): string | null {
  const known = new Set(before.map(scopeKey))
  const seen = new Map<string, number>()
  for (const [at, rule] of rules.entries()) {
    const place = `events.${at}.event`
    const key = scopeKey(rule)
    const meant = catalogue.meantBy(rule.event)
    if (meant.length === 0 && !known.has(key)) return `${place}: ${unknownType(rule.event, catalogue)}`
    if (meant.length > 0 && meant.every(({ mandatory }) => mandatory)) {
      const title = meant.length === 1 ? ` (${meant[0]!.title})` : ''
      return `${place}: ${rule.event}${title} is mandatory: it is always recorded, and can't be switched`
    }
    const twin = seen.get(key)
    if (twin !== undefined)
      return `events.${at}: events.${twin} speaks of the same already (${scopeText(rule)})`
    seen.set(key, at)
  }
  return null
}

function unknownType(event: string, catalogue: Catalogue): string {
  if (event.endsWith('*'))
    return `no event type begins with ${event.slice(0, -1)}; GET /v1/event-types lists them all`
  const near = closest(
    event,
    catalogue.types.map(({ id }) => id),
  )
  return near === undefined
    ? `there is no event type ${event}; GET /v1/event-types lists them all`
    : `there is no event type ${event} (did you mean ${near}?)`
}
