import type { Memory } from '../../wasm/memory.ts'
import { AuditEvents } from './audit-events.ts'
import { CefRecords } from './cef-records.ts'
import type { Form, Input } from './form.ts'
import { Lines } from './lines.ts'
import { TableRows } from './table-rows.ts'

export type { Form } from './form.ts'

/** Longer ones are read from their text: what is written of them might not have room. */
export const LONGEST_OF_FORM = 16 * 1024

const BLANK = 0x20
const BRACE = 0x7b
const BYTE_ORDER_MARK = 0xef

/** Whether a record that begins so is certainly none of JSON: of an integration that reads both. */
export const isNoJson = (first: number): boolean =>
  first > BLANK && first !== BRACE && first !== BYTE_ORDER_MARK

/** The forms that are read here: which of an integration's is one, besides JSON. */
export function formOf(input: Input, memory: Memory): Form | null {
  const others = input.formats.filter((format) => format !== 'json')
  if (others.length !== 1) return null
  switch (others[0]) {
    case 'csv':
      return new TableRows(input, memory)
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
