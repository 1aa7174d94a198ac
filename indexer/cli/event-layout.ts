import type { DerivedShape } from '../../schema/api/index.ts'
import {
  type AuditEvent,
  changesOf,
  FIELDS,
  leavesUnder,
  textAt,
  valueAt,
  valuesOf,
} from '../../schema/index.ts'
import { columnsOf } from '../query/index.ts'
import { markOf } from './output.ts'
import { tallTable } from './table.ts'
import { harmless, type Paint, wrapped } from './terminal.ts'

/** Sections in the order in which a person asks: what, who, on what, from where; the rest, and how it came here. */
const SECTIONS: readonly { readonly title: string; readonly prefixes: readonly string[] }[] = [
  { title: 'What happened', prefixes: ['@timestamp', 'message', 'event.', 'tags'] },
  { title: 'Who', prefixes: ['user.', 'organization.'] },
  { title: 'Object', prefixes: ['audit.entity.', 'audit.parent.', 'audit.module', 'audit.component'] },
  { title: 'From where', prefixes: ['source.', 'user_agent.', 'host.', 'audit.channel', 'audit.session.'] },
  { title: 'More', prefixes: [''] },
  { title: 'Origin and seal', prefixes: ['agent.', 'log.', 'audit.seal.', 'labels', 'trace.'] },
]
const OTHERS = SECTIONS.findIndex((section) => section.prefixes.includes(''))

/** Fields that have their own layout, or are only for searches. */
const APART = new Set(['audit.changes', 'audit.derived', 'audit.words', 'event.original', 'audit.payload'])

/** An event for a person to read: every value in full, the changes as a table, the line it was read from. */
export function layoutOf(
  event: AuditEvent,
  derived: DerivedShape | null,
  room: number | undefined,
  paint: Paint,
): string[] {
  const lines = [paint('bold', harmless(titleOf(event)))]
  const listed: [string, string][][] = SECTIONS.map(() => [])
  const shown = new Set<string>()
  for (const path of Object.keys(FIELDS)) {
    shown.add(path)
    if (APART.has(path) || path.startsWith('audit.change.') || path.startsWith('related.')) continue
    for (const value of valueTexts(event, path))
      listed[sectionOf(path)]?.push([path, value + markOf(event, path)])
  }
  // Fields of a newer agent's schema are shown, too.
  for (const { path, value } of leavesUnder(event)) {
    const isKnown = [...shown].some((known) => path === known || path.startsWith(`${known}.`))
    if (!isKnown) listed[OTHERS]?.push([path, value])
  }
  const payload = leavesUnder(valueAt(event, 'audit.payload')).map(({ path, value }): [string, string] => [
    path,
    value,
  ])
  for (const [i, section] of SECTIONS.entries()) {
    lines.push(...sectionLines(section.title, listed[i] ?? [], room, paint))
    if (i === OTHERS - 1) lines.push(...changeLines(event, derived, room, paint))
  }
  lines.push(...sectionLines('Other members of the record', payload, room, paint))
  const original = textAt(event, 'event.original')
  if (original !== undefined)
    lines.push('', paint('bold', 'Original record'), ...original.split('\n').map((line) => harmless(line)))
  return lines
}

function titleOf(event: AuditEvent): string {
  const who = textAt(event, 'user.name') ?? textAt(event, 'user.email') ?? textAt(event, 'user.id')
  const what = textAt(event, 'event.action') ?? textAt(event, 'message')
  const name = textAt(event, 'audit.entity.name') ?? textAt(event, 'audit.entity.id')
  const parts = [who, what, textAt(event, 'audit.entity.type'), name].filter((part) => part !== undefined)
  return `Event ${textAt(event, 'event.id') ?? ''}${parts.length === 0 ? '' : `: ${parts.join(' · ')}`}`
}

function sectionOf(path: string): number {
  const own = SECTIONS.findIndex((section) =>
    section.prefixes.some(
      (prefix) => prefix !== '' && (path === prefix || (prefix.endsWith('.') && path.startsWith(prefix))),
    ),
  )
  return own === -1 ? OTHERS : own
}

function valueTexts(event: AuditEvent, path: string): string[] {
  const value = valueAt(event, path)
  if (value === undefined || value === null) return []
  if (typeof value !== 'object') return [String(value)]
  if (Array.isArray(value)) return value.length === 0 ? [] : [valuesOf(event, path).join(', ')]
  return leavesUnder(value).map((leaf) => `${leaf.path}=${leaf.value}`)
}

function sectionLines(
  title: string,
  values: readonly (readonly [string, string])[],
  room: number | undefined,
  paint: Paint,
): string[] {
  if (values.length === 0) return []
  const longest = Math.max(...values.map(([name]) => columnsOf(harmless(name))))
  const indent = Math.min(longest, room === undefined ? 60 : Math.max(12, Math.floor(room / 3)))
  const lines = ['', paint('bold', title)]
  for (const [name, value] of values) {
    const label = harmless(name)
    const width = columnsOf(label)
    const text = value.split('\n').map((line) => harmless(line))
    const rest = text.flatMap((line) =>
      room === undefined ? [line] : wrapped(line, Math.max(20, room - indent - 4)),
    )
    if (width > indent) lines.push(`  ${paint('dim', label)}`)
    else lines.push(`  ${paint('dim', label)}${' '.repeat(indent - width)}  ${rest.shift() ?? ''}`.trimEnd())
    for (const line of rest) lines.push(`${' '.repeat(indent + 4)}${line}`)
  }
  return lines
}

function changeLines(
  event: AuditEvent,
  derived: DerivedShape | null,
  room: number | undefined,
  paint: Paint,
): string[] {
  const changes = changesOf(event)
  if (changes.length === 0) return []
  const known = new Map(derived?.previous.map((one) => [one.field, one]))
  const none = valueAt(event, 'audit.old_unknown') === true ? '(not given)' : '—'
  const rows = changes.map((change) => {
    const earlier = change.old == null ? known.get(change.field) : undefined
    const old = earlier === undefined ? (change.old ?? none) : `${earlier.old ?? '—'} (derived)`
    return [change.field, old, change.new ?? '—']
  })
  const table = tallTable(
    ['Field', 'Previous value', 'New value'],
    rows,
    room === undefined ? undefined : room - 2,
    (style, text) => paint(style === 'bold' ? 'dim' : style, text),
  )
  const about = [
    ...(derived?.previous ?? []).map(
      ({ field, from, at }) => `(derived) ${field}: the last known value, of ${at}, from event ${from}`,
    ),
    ...(derived?.note === undefined ? [] : [derived.note]),
  ].flatMap((line) =>
    room === undefined ? [harmless(line)] : wrapped(harmless(line), Math.max(20, room - 2)),
  )
  return [
    '',
    paint('bold', 'What changed'),
    ...table.map((line) => `  ${line}`),
    ...about.map((line) => `  ${paint('dim', line)}`),
  ]
}
