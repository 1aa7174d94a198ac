import { canonical, cutAt, LIMITS } from '../../../schema/index.ts'
import { FLAG } from '../integration/flags.ts'
import { folded } from '../integration/integration.ts'
import { isMembers } from '../integration/members.ts'
import { remembered } from '../integration/remembered.ts'
import type { ItemNames } from '../integration/rules.ts'

/** A change with its members in canonical order; an absent `old` means that the source did not state it. */
export interface FieldChange {
  field: string
  new?: string | null
  old?: string | null
}

/** The name of a field that the source does not name. */
export const UNNAMED_FIELD = 'value'

export class ChangeList {
  readonly changes: FieldChange[] = []
  flags = 0
  readonly #unchanged: string | null

  /** `unchanged` is the suffix of a new value that equals the old one. */
  constructor(unchanged: string | null = null) {
    this.#unchanged = unchanged
  }

  add(field: string, old: unknown, now: unknown): void {
    if (this.changes.length === LIMITS.changes) {
      this.flags |= FLAG.changes_cut
      return
    }
    const change: FieldChange = { field: this.#cut(field) }
    if (now !== undefined) change.new = this.#text(now)
    if (old !== undefined) change.old = this.#text(old)
    if (
      this.#unchanged !== null &&
      typeof change.old === 'string' &&
      change.new === change.old + this.#unchanged
    )
      change.new = change.old
    this.changes.push(change)
  }

  /**
   * Takes a list of items, or an object from field to `{old, new}` or `[old, new]`. If such an object has another structure for a field
   * (`{added, removed}`), this is the new value of the field. Returns false for other shapes.
   */
  addList(value: unknown, item: ItemNames): boolean {
    if (Array.isArray(value)) {
      const parts = value.map((entry) => (isMembers(entry) ? partsOf(entry, item, true) : null))
      if (parts.length === 0 || !parts.every((part) => part !== null)) return false
      for (const { field, old, now } of parts) this.add(field, old, now)
      return true
    }
    if (!isMembers(value)) return false
    const fields = Object.keys(value)
    // `{before, after}` is one pair of states, not two fields.
    if (fields.every((field) => item.old.has(folded(field)) || item.new.has(folded(field)))) return false
    const parts = fields.map((field) => pairOf(value[field], item))
    const isTold = parts.some((part) => part !== null)
    if (!isTold || !parts.every((part, i) => part !== null || isMembers(value[fields[i]!]))) return false
    fields.forEach((field, i) => {
      const part = parts[i] ?? null
      if (part === null) this.add(field, undefined, value[field])
      else this.add(field, part.old, part.now)
    })
    return true
  }

  /** Adds the differences between two states of a record, either of which may be unknown. */
  addStates(
    before: Readonly<Record<string, unknown>> | undefined,
    after: Readonly<Record<string, unknown>> | undefined,
  ): void {
    for (const field of Object.keys(before ?? {})) {
      const old = before![field]
      if (after === undefined) this.add(field, old, undefined)
      else if (!Object.hasOwn(after, field)) this.add(field, old, null)
      else if (plain(old) !== plain(after[field])) this.add(field, old, after[field])
    }
    for (const field of Object.keys(after ?? {})) {
      if (before === undefined) this.add(field, undefined, after![field])
      else if (!Object.hasOwn(before, field)) this.add(field, null, after![field])
    }
  }

  #text(value: unknown): string | null {
    const text = plain(value)
    return text === null ? null : this.#cut(text)
  }

  #cut(text: string): string {
    if (text.length <= LIMITS.keywordLength) return text
    this.flags |= FLAG.value_cut
    return cutAt(text, LIMITS.keywordLength)
  }
}

const ARROW = /^([^:\n]{1,128}):(?: (.{0,4096}?))? (?:->|=>|\u2192)(?: (.{0,4096}))?$/s
const FROM_TO = /^([^\n]{1,128}?)(?: (?:was )?changed)? from (["']?)(.{0,4096}?)\2 to \2(.{0,4096}?)\2$/s

/** A value that the text does not contain is undefined. */
interface TextChange {
  readonly field: string
  readonly old: string | undefined
  readonly now: string | undefined
}

/** Returns the changes in a text, one per line or separated by semicolons; null if any part of it is something else. */
export function changesInText(text: string): TextChange[] | null {
  if (text.length > LIMITS.keywordLength) return null
  const diff = changesInDiff(text)
  if (diff !== null) return diff
  const changes: TextChange[] = []
  for (const part of text.split(/\r?\n|; /)) {
    const told = part.trim()
    if (told === '') continue
    const arrow = ARROW.exec(told)
    const fromTo = arrow === null ? FROM_TO.exec(told) : null
    if (arrow !== null) changes.push({ field: arrow[1]!, old: arrow[2] ?? '', now: arrow[3] ?? '' })
    else if (fromTo !== null) changes.push({ field: fromTo[1]!, old: fromTo[3]!, now: fromTo[4]! })
    else return null
  }
  return changes.length === 0 ? null : changes
}

/** Whether a text states changes: the same details repeat. */
export const tellsChanges: (text: string) => boolean = remembered((text) => changesInText(text) !== null)

const DIFF_LINE = /^([-+]) *(?:"([^"]{1,128})"|([^":\n]{1,128})): *(.*?),?$/
const DIFF_HEAD = /^(?:---|\+\+\+|@@| |[{}[\]] *$|$)/

/** `- channels: 30` and `+ channels: 60`, each on a line; null if any line is something else. */
function changesInDiff(text: string): TextChange[] | null {
  // If all lines begin with a dash, they are a list for people.
  if (!/^\+ *["\p{L}]/mu.test(text)) return null
  const changes = new Map<string, { field: string; old: string | undefined; now: string | undefined }>()
  for (const line of text.split(/\r?\n/)) {
    const told = DIFF_HEAD.test(line) ? null : DIFF_LINE.exec(line)
    if (told === null && !DIFF_HEAD.test(line)) return null
    if (told === null) continue
    const field = (told[2] ?? told[3]!).trim()
    const value = told[4]!.replace(/^"(.*)"$/, '$1')
    const change = changes.get(field) ?? { field, old: undefined, now: undefined }
    changes.set(field, change)
    if (told[1] === '-') change.old ??= value
    else change.now ??= value
  }
  return changes.size === 0 ? null : [...changes.values()]
}

function plain(value: unknown): string | null {
  return value === null || typeof value === 'string' ? value : canonical(value)
}

interface Parts {
  readonly field: string
  readonly old: unknown
  readonly now: unknown
}

/** Members that name the kind of a change. The kind follows from the values of the item. */
const KINDS: ReadonlySet<string> = new Set(['kind', 'op', 'operation'])

/**
 * Returns the parts of an item; null if it has no field name, no value, or members with other meanings. A list with such an item is no
 * list of changes, and stays in the payload as it is.
 */
function partsOf(entry: Readonly<Record<string, unknown>>, item: ItemNames, named: boolean): Parts | null {
  let field: unknown = named ? undefined : UNNAMED_FIELD
  let old: unknown
  let now: unknown
  for (const key of Object.keys(entry)) {
    const fold = folded(key)
    if (named && field === undefined && item.field.has(fold)) field = entry[key]
    else if (old === undefined && item.old.has(fold)) old = entry[key]
    else if (now === undefined && item.new.has(fold)) now = entry[key]
    else if (!KINDS.has(fold)) return null
  }
  if (Array.isArray(field)) field = field.join('.')
  if (typeof field !== 'string' || field === '' || (old === undefined && now === undefined)) return null
  return { field, old, now }
}

function pairOf(value: unknown, item: ItemNames): Parts | null {
  if (Array.isArray(value))
    return value.length === 2 ? { field: UNNAMED_FIELD, old: value[0], now: value[1] } : null
  return isMembers(value) ? partsOf(value, item, false) : null
}
