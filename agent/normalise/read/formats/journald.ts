import { isUtf8 } from 'node:buffer'
import { cutAt } from '../../../../schema/index.ts'
import { exportFields } from '../../../inputs/framing.ts'
import { FLAG } from '../../integration/flags.ts'
import { folded } from '../../integration/integration.ts'
import { type Members, newMembers } from '../../integration/members.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'

const OPEN_BRACE = 0x7b
/** The first bytes of journald's own files. */
const OWN_FILE = 'LPKSHHRH'

/** A value that is not text: journald writes its bytes. */
const BYTES = /\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\]/g

/**
 * journald's entries as JSON (`journalctl -o json`): values are texts. A repeated field is a list of texts, and a value with control
 * characters or invalid UTF-8 is a list of bytes.
 */
export const journald: Format = {
  begin() {},
  textOf: (bytes) => (bytes[0] === OPEN_BRACE || bytes.length === 0 ? null : exportAsJson(bytes)),
  looksLike: (text) => json.looksLike(text),
  cells: () => null,
  hidden(text) {
    if (!text.includes('[')) return ''
    return [...text.matchAll(BYTES)].map(([bytes]) => textOfBytes(JSON.parse(bytes))).join('\n')
  },
  read(text) {
    if (text.startsWith(OWN_FILE))
      return {
        problem:
          'This is one of the binary files of journald itself: export it by journalctl --output=export, or --output=json.',
      }
    if (!json.looksLike(text))
      return {
        problem: `Not an entry of the journal: expected a line of JSON or fields as NAME=value, found ${cutAt(text, 40)}`,
      }
    const understood = json.read(text)
    if (understood === null || understood.problem !== undefined) return understood
    const members: Members = newMembers()
    const trusted = new Set(Object.keys(understood.members).filter(isTrusted).map(folded))
    let isRepaired = false
    for (const [name, value] of Object.entries(understood.members)) {
      const read = textsOf(value)
      isRepaired ||= typeof read === 'string' && read !== value && read.includes('\ufffd')
      // Names compare without underscores: a program's own field must not replace one of journald's.
      const key = !isTrusted(name) && trusted.has(folded(name)) ? `${name}_said` : name
      members[key] = name === 'MESSAGE' && Array.isArray(read) ? read.join('\n') : read
    }
    return { members, flags: understood.flags | (isRepaired ? FLAG.encoding_repaired : 0) }
  },
}

/**
 * Converts an entry of the export format to the JSON that journalctl writes, so that both give the same entry; null if it is no such
 * entry. Values that are not UTF-8 or contain control characters are lists of their bytes, repeated fields are lists of values.
 */
function exportAsJson(bytes: Buffer): string | null {
  const fields = exportFields(bytes)
  if (fields === null) return null
  const members = new Map<string, (string | number[])[]>()
  for (const { name, value } of fields) {
    const values = members.get(name)
    if (values === undefined) members.set(name, [asJson(value)])
    // Each entry has one cursor and one time: otherwise this is an incomplete entry followed by another.
    else if (name.startsWith('__')) return null
    else values.push(asJson(value))
  }
  const entry = newMembers()
  for (const [name, values] of members) entry[name] = values.length === 1 ? values[0] : values
  return JSON.stringify(entry)
}

function asJson(value: Buffer): string | number[] {
  if (!isUtf8(value)) return [...value]
  const text = value.toString('utf8')
  return CONTROL.test(text) ? [...value] : text
}

/** Control characters, except tabs and newlines, which journalctl accepts. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

/** Whether journald itself adds the field; a program cannot. */
const isTrusted = (name: string): boolean => name.startsWith('_')

function textsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  const list: readonly unknown[] = value
  return list.length > 0 && list.every(isByte) ? textOfBytes(list) : list.map(textsOf)
}

const isByte = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256

const textOfBytes = (bytes: readonly number[]): string =>
  Buffer.from(bytes).toString('utf8').replaceAll('\0', '\ufffd')
