import { type AuditEvent, isRecord, textAt } from '../../schema/index.ts'
import { columnOf, csvCell, csvQuoted, FILE_FIELDS } from '../columns.ts'
import { fullName, namedField, nearestName } from '../query/index.ts'
import { isEstimated, UsageError } from './output.ts'
import { GrowingTable } from './table.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'

export const FORMATS = ['table', 'json', 'csv'] as const
export type Format = (typeof FORMATS)[number]

/** Turns stored events, as lines of JSON, into text to print, a part at a time. */
export interface EventWriter {
  begin(): string
  lines(events: readonly string[]): string
  /** Nothing more comes for now. */
  settle(): string
}

export function writerFor(format: Format, columns: readonly string[] | undefined): EventWriter {
  switch (format) {
    case 'json':
      return jsonWriter()
    case 'csv':
      return csvWriter(fieldColumns(columns ?? FILE_FIELDS))
    case 'table': {
      const room = terminalWidth()
      return tableWriter(columns === undefined ? usualColumns(room) : fieldColumns(columns), room)
    }
  }
}

/** Writes events as stored, byte for byte. On a terminal, control characters become escapes with the same meaning in JSON. */
function jsonWriter(): EventWriter {
  const shown = process.stdout.isTTY ? harmlessJson : (line: string) => line
  return {
    begin: () => '',
    lines: (events) => textOf(events.map(shown)),
    settle: () => '',
  }
}

function csvWriter(columns: readonly Column[]): EventWriter {
  const row = (cells: readonly string[]): string => cells.map(csvCell).join(',')
  return {
    begin: () =>
      textOf([
        columns
          .map((column) => csvQuoted(column.estimated ? `${column.title} (estimated)` : column.title))
          .join(','),
      ]),
    lines: (events) =>
      textOf(
        events.map(eventOf).map((event) => row(columns.map((column) => harmless(column.of(event), '\n')))),
      ),
    settle: () => '',
  }
}

function tableWriter(columns: readonly Column[], room: number | undefined): EventWriter {
  const titles = columns.map((column) => column.title)
  const table = new GrowingTable(titles, room, paintFor(process.stdout))
  return {
    begin: () => '',
    lines: (events) =>
      textOf(
        events.map(eventOf).flatMap((event) =>
          table.add(
            columns.map((column) => cellOf(column, event)),
            failed(event),
          ),
        ),
      ),
    settle: () => textOf(table.settle()),
  }
}

function cellOf(column: Column, event: AuditEvent): string {
  const text = column.of(event)
  return column.estimated && text !== '' ? `${text} (estimated)` : text
}

const textOf = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

const failed = (event: AuditEvent): boolean => textAt(event, 'event.outcome') === 'failure'

export function eventOf(line: string): AuditEvent {
  const event: unknown = JSON.parse(line)
  return isRecord(event) ? event : {}
}

/** A column of the results: its title, and its content for an event. */
interface Column {
  readonly title: string
  readonly of: (event: AuditEvent) => string
  /** Marks each value in a table, and the column's title in a file for programs. */
  readonly estimated?: true
}

const SHOWN = ['@timestamp', 'user.name', 'event.action', 'audit.entity.name', 'event.outcome', 'message']

/** The usual columns for a person. A narrow terminal has no room for the id, which has 40 digits. */
function usualColumns(room: number | undefined): Column[] {
  const fields = room === undefined || room >= 150 ? [...SHOWN, 'event.id'] : SHOWN
  return tableColumns(fields)
}

/** A time without the zone, which the title names, and in a line the title in capitals. */
function tableColumns(fields: readonly string[]): Column[] {
  return fields.map((field) => {
    const { title, of } = columnOf(field)
    return {
      title: title.toUpperCase(),
      of:
        field === '@timestamp'
          ? (event) =>
              of(event)
                .replace('T', ' ')
                .replace(/(?:\.\d+)?Z$/, '')
          : of,
    }
  })
}

/** One column for each field, by its full or its short name. */
function fieldColumns(names: readonly string[]): Column[] {
  return names.map((name) => {
    const field = namedField(name)
    if (field === undefined) {
      const near = nearestName(name)
      throw new UsageError(
        `There is no field ${name} for a column${near === undefined ? '' : `; did you mean ${near}?`}`,
      )
    }
    const path = fullName(field)
    return { ...columnOf(path), ...(isEstimated(path) && { estimated: true }) }
  })
}
