import type { Cell } from './format.ts'

/** A value of an audit record, with its place and its decoded text. */
export interface AuditPair extends Cell {
  readonly name: string
  /** Whether it follows 0x1d: then auditd looked it up from the earlier numbers. */
  readonly enriched: boolean
}

export interface AuditPairs {
  readonly pairs: readonly AuditPair[]
  /** Words without an assignment: `avc: denied { read } for`. */
  readonly words: readonly string[]
}

/** The separator before the names that auditd looked up, if it is configured to (`log_format = ENRICHED`). */
const ENRICHED = '\x1d'

/** Fields that anyone may have chosen: the kernel writes them in hexadecimal digits if quotes or blanks could mislead. */
export const UNTRUSTED: ReadonlySet<string> = new Set(
  ['acct', 'cmd', 'comm', 'cwd', 'data', 'dev', 'device', 'dir', 'exe', 'file', 'grp', 'key', 'name'].concat([
    'new_group',
    'ocomm',
    'path',
    'proctitle',
    'root_dir',
    'sw',
    'unit',
    'vm',
    'watch',
  ]),
)
const ARGUMENT = /^a\d+(?:\[\d+\])?$/
const HEX = /^(?:[0-9A-F]{2})+$/

/** The known properties of a field, by its name. */
interface Field {
  readonly name: string
  readonly isUntrusted: boolean
  /** `a0`, `a1`...: registers of a system call, or the arguments of a command. */
  readonly isNumbered: boolean
}

const FIELDS = new Map<string, Field>()
const MOST_FIELDS = 1024

function fieldNamed(name: string): Field {
  let field = FIELDS.get(name)
  if (field === undefined) {
    field = { name, isUntrusted: UNTRUSTED.has(name) || ARGUMENT.test(name), isNumbered: /^a\d/.test(name) }
    if (FIELDS.size >= MOST_FIELDS) FIELDS.clear()
    FIELDS.set(name, field)
  }
  return field
}

const BLANK = 0x20
const EQUALS = 0x3d
const QUOTE = 0x22
const APOSTROPHE = 0x27
const BRACE = 0x7b

/** Reads the pairs of one record after its `audit(time:serial):`. `hasArguments`: `a0`, `a1`... are texts (EXECVE), not registers. */
export function auditPairs(text: string, from: number, to: number, hasArguments: boolean): AuditPairs {
  const pairs: AuditPair[] = []
  const words: string[] = []
  const read = (start: number, end: number, enriched: boolean): void => {
    let at = start
    while (at < end) {
      while (at < end && text.charCodeAt(at) === BLANK) at++
      const begin = at
      while (at < end && text.charCodeAt(at) !== EQUALS && text.charCodeAt(at) !== BLANK) at++
      if (at === begin) {
        at++
        continue
      }
      if (at >= end || text.charCodeAt(at) !== EQUALS) {
        words.push(text.slice(begin, at))
        continue
      }
      const { name, isUntrusted, isNumbered } = fieldNamed(text.slice(begin, at))
      at++
      const first = text.charCodeAt(at)
      if (first === APOSTROPHE) {
        // A program's own text: `msg='op=login acct="root" ... res=failed'`. A command in it may contain such a quote, too.
        const closing = text.lastIndexOf("'", end - 1)
        const close = closing > at ? closing : end
        read(at + 1, close, enriched)
        at = close + 1
      } else if (first === QUOTE || first === BRACE) {
        const found = text.indexOf(first === QUOTE ? '"' : '}', at + 1)
        const close = found === -1 || found > end ? end : found
        pairs.push({ name, from: at + 1, to: close, value: text.slice(at + 1, close), enriched })
        at = close + 1
      } else {
        const begins = at
        while (at < end && text.charCodeAt(at) !== BLANK) at++
        const raw = text.slice(begins, at)
        const isHex = isUntrusted && (hasArguments || !isNumbered) && HEX.test(raw)
        if (isHex) pairs.push({ name, from: begins, to: at, value: textOfHex(raw), enriched, written: hexOf })
        else pairs.push({ name, from: begins, to: at, value: raw, enriched })
      }
    }
  }
  const behind = text.indexOf(ENRICHED, from)
  const split = behind === -1 || behind > to ? to : behind
  read(from, split, false)
  if (split < to) read(split + 1, to, true)
  return { pairs, words }
}

const textOfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('utf8')
const hexOf = (text: string): string => Buffer.from(text, 'utf8').toString('hex').toUpperCase()

/**
 * Returns the pairs as places to search for secrets. A command is searched by argument; an argument after an option is named by the
 * option: `--password`, then `geheim`.
 */
export function auditCells(pairs: readonly AuditPair[]): Cell[] {
  const cells: Cell[] = []
  let option: string | null = null
  const add = (cell: Cell): void => {
    cells.push({ ...cell, name: option ?? cell.name, isArgument: true })
    option = OPTION.exec(cell.value)?.[1] ?? null
  }
  for (const pair of pairs) {
    if (pair.name === 'proctitle' && pair.written !== undefined) {
      option = null
      for (const part of argumentsOf(pair)) add(part)
      option = null
    } else if (ARGUMENT.test(pair.name)) add(pair)
    else if (!/^a\d+_len$/.test(pair.name)) {
      option = null
      cells.push(pair)
    }
  }
  return cells
}

const OPTION = /^--?([A-Za-z][\w-]{1,63})$/

/** The arguments of a title in hexadecimal digits, separated by NULs. */
function argumentsOf(pair: AuditPair): Cell[] {
  const { name, from, to, value } = pair
  // Bytes that are not UTF-8 were replaced: then the places of the arguments are unknown.
  if (2 * Buffer.byteLength(value) !== to - from) return [pair]
  let at = from
  return value.split('\0').map((part) => {
    const digits = 2 * Buffer.byteLength(part)
    const cell = { name, from: at, to: at + digits, value: part, written: hexOf }
    at += digits + 2
    return cell
  })
}
