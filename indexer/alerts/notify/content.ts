import * as z from 'zod'
import { OCCASIONS } from '../../../schema/api/index.ts'
import { PRIORITIES } from '../../../schema/rule.ts'
import type { News } from '../news.ts'

export type Occasion = (typeof OCCASIONS)[number]

/** What a message is about, before any channel's form. Every text in it may come from a stranger. */
export const contentSchema = z.object({
  occasion: z.enum(OCCASIONS),
  at: z.number(),
  priority: z.enum(PRIORITIES),
  incident: z.string(),
  summary: z.string(),
  /** Alerts of the incident. */
  alerts: z.number(),
  alert: z.string(),
  rule: z.object({ id: z.string(), name: z.string(), author: z.string().nullable() }),
  message: z.string(),
  response: z.string(),
  /** Events that the alert is about. */
  count: z.number(),
  first: z.number(),
  last: z.number(),
  users: z.array(z.string()),
  addresses: z.array(z.string()),
  /** Why it is resolved, or why these people hear of it; empty if there is nothing to add. */
  note: z.string(),
  /** Of a digest: one line for each message in it. */
  lines: z.array(z.string()),
  /** Of a report: where the console shows it; empty if that is not known. */
  link: z.string().default(''),
})
export type Content = z.output<typeof contentSchema>

/** A message is a record, and people read it on a phone. */
const MOST = { text: 2000, summary: 500, name: 200, list: 10 } as const

/** Content of an alert and its incident, cut to the size of a record. */
export function contentOf({ alert, incident }: Pick<News, 'alert' | 'incident'>, at: number): Content {
  const { rule } = alert
  const { author = null } = rule
  const some = (texts: readonly string[]): string[] =>
    texts.slice(0, MOST.list).map((text) => cut(text, MOST.name))
  return {
    occasion: 'opened',
    at,
    priority: incident.priority,
    incident: incident.id,
    summary: cut(incident.summary, MOST.summary),
    alerts: incident.alerts.length,
    alert: alert.id,
    rule: { id: rule.id, name: cut(rule.name, MOST.name), author: author && cut(author, MOST.name) },
    message: cut(alert.message, MOST.text),
    response: cut(alert.response, MOST.text),
    count: alert.count,
    first: incident.first,
    last: incident.last,
    users: some(incident.users),
    addresses: some(incident.addresses),
    note: alert.resolution === null ? '' : cut(alert.resolution.reason, MOST.summary),
    lines: [],
    link: '',
  }
}

/** At most this many UTF-16 units, never half of a letter. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

const HARMFUL = /[\p{Cc}\p{Cf}\u2028\u2029]|\p{Cs}/gu
/** Joiners are letters' own in several scripts, and only join. */
const JOINERS = '\u200c\u200d'

/**
 * Texts come from strangers: line breaks forge headers and further lines, and marks of writing direction reorder what people read. Each
 * such sign becomes its code; `lines` keeps line breaks.
 */
export const clean = (text: string, { lines = false } = {}): string =>
  (lines ? text.replace(/\r\n?/g, '\n') : text.replace(/\s*[\r\n]+\s*/g, ' ')).replace(HARMFUL, (sign) => {
    if (JOINERS.includes(sign) || (lines && sign === '\n')) return sign
    if (sign === '\t') return ' '
    return `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })

/** The same content with every text cleaned. */
export function cleaned(content: Content): Content {
  const line = (text: string): string => clean(text)
  const { rule } = content
  return {
    ...content,
    summary: line(content.summary),
    rule: { id: line(rule.id), name: line(rule.name), author: rule.author && line(rule.author) },
    message: clean(content.message, { lines: true }),
    response: clean(content.response, { lines: true }),
    users: content.users.map(line),
    addresses: content.addresses.map(line),
    note: clean(content.note, { lines: true }),
    lines: content.lines.map(line),
  }
}

const WORD = { low: 'Low', medium: 'Medium', high: 'High', critical: 'Critical' } as const

/** One line: subject of a mail, heading, entry of a list. */
export function titleOf(content: Content): string {
  const { occasion, priority, summary, lines } = content
  switch (occasion) {
    case 'opened':
      return `${WORD[priority]}: ${summary}`
    case 'worse':
      return `Now ${priority}: ${summary}`
    case 'reopened':
      return `Reopened, ${priority}: ${summary}`
    case 'reminder':
      return `Still open, ${priority}: ${summary}`
    case 'escalation':
      return `Not acknowledged, ${priority}: ${summary}`
    case 'resolved':
      return `Resolved: ${summary}`
    case 'digest':
      return `${lines.length} ${lines.length === 1 ? 'message' : 'messages'} of Waybill`
    case 'test':
      return 'Test: this channel works'
    case 'report':
      return summary
  }
}

/** Addresses of the console, and the link that acknowledges; null where there is none. */
export interface Links {
  readonly incident: string | null
  readonly alert: string | null
  readonly acknowledge: string | null
  readonly report: string | null
}
export const NO_LINKS: Links = { incident: null, alert: null, acknowledge: null, report: null }

/** They are about no alert. */
const OTHERS: ReadonlySet<Occasion> = new Set(['digest', 'test', 'report'])

/** Name and value of what is known besides the message, in the order of importance. */
export function factsOf(content: Content, zone: string): (readonly [string, string])[] {
  if (OTHERS.has(content.occasion)) return []
  const { rule, users, addresses, alerts, count, first, last, note, occasion } = content
  const facts: (readonly [string, string])[] = [['Rule', rule.name]]
  if (rule.author !== null) facts.push(['Author of the rule', rule.author])
  if (users.length > 0) facts.push([users.length === 1 ? 'User' : 'Users', users.join(', ')])
  if (addresses.length > 0)
    facts.push([addresses.length === 1 ? 'Address' : 'Addresses', addresses.join(', ')])
  const from = timeText(first, zone)
  facts.push(['Time', first === last ? from : `${from} to ${timeText(last, zone)}`])
  facts.push(['Events', String(count)])
  if (alerts > 1) facts.push(['Alerts', `${alerts} in this incident`])
  if (note !== '') facts.push([occasion === 'resolved' ? 'Reason' : 'Note', note])
  return facts
}

export function timeText(at: number, zone: string): string {
  const there = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  const offset = there.offset === '+00:00' ? 'UTC' : there.offset
  return `${there.toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ')} ${offset}`
}

/** The whole message as plain text, for channels and mail programs that show nothing else. */
export function plainText(content: Content, links: Links, zone: string): string {
  const { message, response, lines, occasion } = content
  const facts = factsOf(content, zone)
  const width = Math.max(0, ...facts.map(([name]) => name.length)) + 1
  const part = (text: string): string[] => (text === '' ? [] : [text])
  const about = [
    ...part(links.acknowledge === null ? '' : `Acknowledge:  ${links.acknowledge}`),
    ...part(links.incident === null ? '' : `Incident:     ${links.incident}`),
    ...part(links.alert === null ? '' : `Alert:        ${links.alert}`),
    ...part(links.report === null ? '' : `Report:       ${links.report}`),
  ].join('\n')
  return [
    titleOf(content),
    ...part(lines.map((line) => `- ${line}`).join('\n')),
    ...part(message),
    ...part(
      facts
        .map(
          ([name, value]) =>
            `${`${name}:`.padEnd(width)} ${value.replaceAll('\n', `\n${' '.repeat(width + 1)}`)}`,
        )
        .join('\n'),
    ),
    ...part(response === '' || occasion === 'resolved' ? '' : `What to do\n${response}`),
    ...part(about),
  ].join('\n\n')
}
