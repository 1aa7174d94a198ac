import type { Pipeline } from '../../pipeline.ts'
import type { Memory } from '../memory.ts'
import { AuditEvents } from './audit-events.ts'
import { CefRecords } from './cef-records.ts'
import { Lines } from './lines.ts'
import { TableRows } from './table-rows.ts'

/** Reads records of a form that is not JSON where they stand in the memory. */
export interface Form {
  /** Writes down as JSON what a record says; where that ends, or -1 where the plain way must read it. */
  read(from: number, to: number, out: number): number
  /** Writes down what stands in the record in some code, for words in it to be seen; where that ends. */
  decoded?(from: number, to: number, out: number): number
}

/** Longer ones go the plain way: what is written of them might not have room. */
export const LONGEST_OF_FORM = 16 * 1024

const BLANK = 0x20
const BRACE = 0x7b
const BYTE_ORDER_MARK = 0xef

/** Whether a record that begins so is certainly none of JSON: of an integration that reads both. */
export const isNoJson = (first: number): boolean =>
  first > BLANK && first !== BRACE && first !== BYTE_ORDER_MARK

/** The forms that are read here: which of an integration's is one, besides JSON. */
export function formOf(pipeline: Pipeline, memory: Memory): Form | null {
  const others = pipeline.mapping.integration.formats.filter((format) => format !== 'json')
  if (others.length !== 1) return null
  switch (others[0]) {
    case 'csv':
      return new TableRows(pipeline, memory)
    case 'plain':
      return new Lines(memory)
    case 'cef':
      return new CefRecords(memory)
    case 'auditd':
      return new AuditEvents(memory)
    default:
      return null
  }
}
