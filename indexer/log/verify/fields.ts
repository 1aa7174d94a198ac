import type { ChangedField } from '../../../schema/api/index.ts'
import { isRecord } from '../../../schema/index.ts'

/** The fields in which two lines differ, by dotted path; null if one of them is no JSON. */
export function differingFields(sealed: Buffer, found: Buffer): ChangedField[] | null {
  const [before, now] = [readJson(sealed), readJson(found)]
  if (before === undefined || now === undefined) return null
  const [one, other] = [new Map<string, string>(), new Map<string, string>()]
  flatten(before, '', one)
  flatten(now, '', other)
  return [...new Set([...one.keys(), ...other.keys()])]
    .sort()
    .filter((field) => one.get(field) !== other.get(field))
    .map((field) => ({ field, sealed: one.get(field) ?? null, found: other.get(field) ?? null }))
}

function readJson(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) flatten(item, `${path}[${i}]`, into)
  else if (isRecord(value))
    for (const key of Object.keys(value)) flatten(value[key], path === '' ? key : `${path}.${key}`, into)
  else into.set(path, typeof value === 'string' ? value : JSON.stringify(value))
}

const SHOWN = 5
const LONGEST = 80
/** Letters before the first difference. */
const BEFORE = 30

/** The differences in words. */
export function changesIn(fields: readonly ChangedField[]): string {
  const shown = fields.slice(0, SHOWN).map(({ field, sealed, found }) => {
    if (sealed === null) return `${field} was added as "${short(found)}"`
    if (found === null) return `${field} was "${short(sealed)}" and is gone`
    const from = Math.max(0, firstDifference(sealed, found) - BEFORE)
    return `${field} was "${short(sealed, from)}" and is "${short(found, from)}"`
  })
  const more = fields.length > SHOWN ? `; and ${fields.length - SHOWN} more fields` : ''
  return fields.length === 0 ? 'it is written otherwise' : `${shown.join('; ')}${more}`
}

/** Of a long text the part from here on, so that the first difference is in it. */
function short(text: string | null, from = 0): string {
  if (text === null || text.length <= LONGEST) return text ?? ''
  const end = from + LONGEST
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${end < text.length ? '…' : ''}`
}

function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return at
}
