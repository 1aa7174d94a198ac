import { type AuditEvent, isRecord, textAt, valueAt } from '../../schema/index.ts'
import type { Examined, NeverMatched, Unmatched } from '../normalise/index.ts'
import { harmless } from './table.ts'

/** Fields that are the same in every event, or that the output shows above the event. */
const LEFT_OUT = new Set([
  'agent',
  'event.original',
  'event.sequence',
  'event.id',
  'event.code',
  'log',
  'audit.changes',
  'host.name',
])
const NARROWEST = 40

/** Formats records for a terminal of this many columns; uncut for a file or a pipe. */
export function examinedText(file: string, records: readonly Examined[], columns: number | null): string {
  const shown = records.filter(({ outcome }) => outcome !== 'skipped')
  return `${harmless(file)}\n\n${shown.map((record) => recordText(record, columns)).join('')}${summary(records)}\n\n`
}

function recordText(record: Examined, columns: number | null): string {
  const { line, outcome, event, type, masked } = record
  if (event === null) return ''
  const head =
    outcome === 'failed'
      ? `line ${line}  NOT UNDERSTOOD`
      : `line ${line}  ${type === null ? 'no event type' : `${type.id}  (${type.title})`}`
  const secrets = [...masked].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`)).join(', ')
  const rows = outcome === 'failed' ? failureRows(record, event) : fieldRows(event)
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => {
    const text = `  ${harmless(name).padEnd(width)}  ${harmless(value)}`
    return columns === null || text.length <= Math.max(columns, NARROWEST)
      ? text
      : `${text.slice(0, Math.max(columns, NARROWEST) - 1)}…`
  })
  return `${head}${secrets === '' ? '' : `  masked: ${secrets}`}\n${lines.join('\n')}\n\n`
}

const failureRows = (record: Examined, event: AuditEvent): [string, string][] => [
  ['why', textAt(event, 'event.reason') ?? ''],
  ['record', record.text],
]

function fieldRows(event: AuditEvent): [string, string][] {
  const rows: [string, string][] = []
  const walk = (value: unknown, path: string): void => {
    if (LEFT_OUT.has(path)) return
    if (isRecord(value) && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    } else if (!(path === 'event.kind' && value === 'event')) rows.push([path, shown(value)])
  }
  walk(event, '')
  const changes = valueAt(event, 'audit.changes')
  if (Array.isArray(changes)) {
    for (const change of changes) rows.push(['change', changeText(change)])
  }
  return rows
}

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Array.isArray(value) && value.every((one) => typeof one === 'string')
      ? value.join(', ')
      : JSON.stringify(value)

function changeText(change: AuditEvent): string {
  const side = (value: unknown): string =>
    value === undefined ? '(not given)' : value === null ? '(nothing)' : shown(value)
  return `${shown(change.field)}: ${side(change.old)} → ${side(change.new)}`
}

const MOST_NAMED = 40

/** Lists what no record matched: a line for paths and one for types. */
export function neverMatchedText({ paths, types }: NeverMatched, all: boolean): string {
  return neverLine(paths, 'paths', all) + neverLine(types, 'types', all)
}

function neverLine({ of, never }: Unmatched, what: string, all: boolean): string {
  if (never.length === 0) return ''
  const named = all ? never : never.slice(0, MOST_NAMED)
  const left = never.length - named.length
  const more = left === 0 ? '' : ` and ${left} more (--all names them)`
  return `never matched: ${never.length} of ${of} ${what}: ${harmless(named.join(', '))}${more}\n`
}

function summary(records: readonly Examined[]): string {
  const of = (outcome: Examined['outcome']): number =>
    records.filter((record) => record.outcome === outcome).length
  const types = new Set(records.flatMap(({ type }) => (type === null ? [] : [type.id])))
  const untyped = records.filter(({ outcome, type }) => outcome === 'event' && type === null).length
  const masked = records.filter((record) => record.masked.size > 0).length
  return [
    `${of('event')} events of ${types.size} types`,
    ...(untyped > 0 ? [`${untyped} of none`] : []),
    ...(masked > 0 ? [`${masked} with masked secrets`] : []),
    `${of('failed')} not understood`,
    `${of('skipped')} skipped (headers, blank lines)`,
  ].join(', ')
}
