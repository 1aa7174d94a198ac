import { type AuditEvent, textAt, valuesOf } from '../../schema/index.ts'
import type { Author } from './port.ts'

/** The sources and field values that only an indexer writes. */
const OWN_SOURCE = /^waybill(?:\.|$)/i
const OWN_NAMED = ['event.module', 'event.dataset'] as const
const MOST_REMEMBERED = 1000

/** Judges events of one agent: whether they are in its own name. */
export class Authorship {
  readonly #author: Author
  readonly #hosts: ((name: string) => boolean) | null
  readonly #known = new Map<string, boolean>()

  constructor(author: Author) {
    this.#author = author
    this.#hosts = author.hosts === null ? null : hostMatcher(author.hosts)
  }

  /** Why the agent may not write this event; null if it may. Only the event's fields for identity and host are needed. */
  faultOf(event: AuditEvent): string | null {
    const { agent } = this.#author
    if (textAt(event, 'agent.id') !== agent)
      return `agent.id is ${shown(textAt(event, 'agent.id'))}, but agent ${agent} sent the event: an agent may write only in its own name`
    for (const path of OWN_NAMED)
      if (valuesOf(event, path).some((value) => OWN_SOURCE.test(value)))
        return `${path} is waybill, which only the indexer may write`
    for (const host of valuesOf(event, 'host.name'))
      if (!this.#mayName(host))
        return `host.name is ${shown(host)}, which is not an allowed host of agent ${agent}: allow it with \`waybill agents hosts ${agent} NAMES\`, and replay this letter`
    return null
  }

  /** Whether what another agent shipped under a declared id counts as known to this one. */
  shares(event: AuditEvent): boolean {
    return this.#author.shared.includes(textAt(event, 'event.module') ?? '')
  }

  #mayName(host: string): boolean {
    if (this.#hosts === null) return true
    let may = this.#known.get(host)
    if (may === undefined) {
      may = this.#hosts(host)
      if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
      this.#known.set(host, may)
    }
    return may
  }
}

const shown = (value: string | undefined): string => (value === undefined ? 'missing' : value.slice(0, 256))

/** Returns a test whether a host has one of these names; case is ignored, and `*` matches any characters. */
export function hostMatcher(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes('*')).map((name) => name.toLowerCase()))
  const patterns = names.filter((name) => name.includes('*')).map((name) => name.toLowerCase().split(/\*+/))
  return (name) => {
    const folded = name.toLowerCase()
    return exact.has(folded) || patterns.some((parts) => hasParts(folded, parts))
  }
}

/** Matches without a regular expression: a pattern with many `*` would be slow. */
function hasParts(text: string, parts: readonly string[]): boolean {
  const [first = ''] = parts
  const last = parts.at(-1) ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}
