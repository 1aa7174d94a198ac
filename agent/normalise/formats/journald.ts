import { FLAG } from '../flags.ts'
import { folded } from '../integration.ts'
import { type Members, newMembers } from '../members.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'

/** A value that is no text: journald writes its bytes. */
const BYTES = /\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\]/g

/**
 * journald's entries as JSON (`journalctl -o json`): all values are texts, lists of them where a field came several times, and lists of
 * bytes where they hold control characters or are no UTF-8.
 */
export const journald: Format = {
  begin() {},
  looksLike: (text) => json.looksLike(text),
  cells: () => null,
  hidden(text) {
    if (!text.includes('[')) return ''
    return [...text.matchAll(BYTES)].map(([bytes]) => textOfBytes(JSON.parse(bytes))).join('\n')
  },
  read(text) {
    const understood = json.read(text)
    if (understood === null || understood.problem !== undefined) return understood
    const members: Members = newMembers()
    const trusted = new Set(Object.keys(understood.members).filter(isTrusted).map(folded))
    let isRepaired = false
    for (const [name, value] of Object.entries(understood.members)) {
      const read = textsOf(value)
      isRepaired ||= typeof read === 'string' && read !== value && read.includes('\ufffd')
      // Names compare without underscores: what a program says of itself must not stand for what journald knows.
      const key = !isTrusted(name) && trusted.has(folded(name)) ? `${name}_said` : name
      members[key] = name === 'MESSAGE' && Array.isArray(read) ? read.join('\n') : read
    }
    return { members, flags: understood.flags | (isRepaired ? FLAG.encoding_repaired : 0) }
  },
}

/** journald itself adds these; a program can't. */
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
