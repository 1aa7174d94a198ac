import { FLAG } from '../../integration/flags.ts'
import { isMembers, type Members, newMembers } from '../../integration/members.ts'
import type { Format, Understood } from './format.ts'
import { jsonFault } from './json-fault.ts'

/** Deeper records would exhaust the stack of any recursive function. */
const DEEPEST = 256
/** A number that may not survive a double: more than 15 digits, or an exponent. It may be in a string, which only costs time. */
const PERHAPS_TOO_PRECISE = /[:,[\s]-?(?:[\d.]{16}|[\d.]+[eE])/
const PERHAPS_BROKEN_TEXT = /\\u(?:0000|[dD][89a-fA-F])/

export const json: Format = {
  begin() {},
  looksLike: (text) => /^\s*\{/.test(text),
  cells: () => null,
  read(text) {
    if (isDeep(text)) return { problem: `The JSON is nested more than ${DEEPEST} levels deep.` }
    let value: unknown
    try {
      value = parseJson(text)
    } catch {
      return { problem: jsonFault(text) }
    }
    if (!isMembers(value)) return { problem: `Expected a JSON object, found ${nameOf(value)}.` }
    return PERHAPS_BROKEN_TEXT.test(text) ? repaired(value) : { members: value, flags: 0 }
  },
}

/** The JSON object or list in a text; undefined if there is none. */
export function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  const read = json.read(`{"":${text}}`)
  return read === null || read.problem !== undefined ? undefined : read.members['']
}

/** Parses JSON. Numbers that do not survive a double remain texts. */
export function parseJson(text: string): unknown {
  if (!PERHAPS_TOO_PRECISE.test(text)) return JSON.parse(text)
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && !survives(context.source, value)
      ? context.source
      : value,
  )
}

/** Whether the double denotes the same decimal number as its source. */
export function survives(source: string, value: number): boolean {
  return Number.isFinite(value) && plainDecimal(source) === plainDecimal(String(value))
}

/** Sign, digits without zeros at either end, and exponent: one text for each decimal number. */
function plainDecimal(number: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    number,
  )!
  const digits = (whole! + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${+exponent - fraction.length + digits.length - significant.length}`
}

function repaired(value: Members): Understood {
  let flags = 0
  const repair = (text: string): string => {
    const whole = text.toWellFormed().replaceAll('\0', '\ufffd')
    if (whole !== text) flags = FLAG.encoding_repaired
    return whole
  }
  const walk = (at: unknown): unknown => {
    if (typeof at === 'string') return repair(at)
    if (Array.isArray(at)) return at.map(walk)
    if (!isMembers(at)) return at
    const members: Members = newMembers()
    for (const key of Object.keys(at)) members[repair(key)] = walk(at[key])
    return members
  }
  return { members: walk(value) as Members, flags }
}

/** Whether there are enough brackets; counting them is fast. */
function isDeep(text: string): boolean {
  let count = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > DEEPEST) return depthOf(text) > DEEPEST
    }
  }
  return false
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}
