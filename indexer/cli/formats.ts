import type { AuditEvent } from '../../schema/index.ts'
import { csvCell, csvQuoted, FILE_FIELDS } from '../columns.ts'
import { type Column, fieldColumns, usualColumns } from './columns.ts'
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

/** As stored, byte for byte; only on a terminal the signs that drive it become escapes, with the same meaning to JSON. */
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

function failed(event: AuditEvent): boolean {
  const { event: about } = event
  return typeof about === 'object' && about !== null && 'outcome' in about && about.outcome === 'failure'
}

export function eventOf(line: string): AuditEvent {
  const event: unknown = JSON.parse(line)
  return isEvent(event) ? event : {}
}

export const isEvent = (value: unknown): value is AuditEvent =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
