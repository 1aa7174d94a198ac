import { isCardNumber } from './card.ts'
import { secretsOfCommand } from './commands.ts'
import type { Marks } from './marks.ts'
import { type Edit, edited } from './marks.ts'
import { isKeyId } from './names.ts'
import { maskText, type Search } from './text.ts'
import { isChangedSecret, isSecret } from './values.ts'

const DEEPEST = 256
/** The depth to which JSON in texts in JSON is searched. */
const DEEPEST_TEXT = 4

/**
 * Masks the secrets of JSON and leaves everything else unchanged. It reads up to the first fault in the JSON: what follows is masked as
 * text, and a cut-off end counts as closed.
 */
export function maskJson(
  text: string,
  search: Search,
  marks: Marks,
  level = 0,
  changed: string | null = null,
): string {
  const walk = new Walk(text, search, marks, level, changed)
  const end = walk.run()
  const masked = edited(text.slice(0, end), walk.edits)
  return end === text.length ? masked : masked + maskText(text.slice(end), search, marks)
}

/** Masks a text, which may itself be JSON; `changed` is the kind of the changed secret that the surrounding record names. */
export function maskValue(
  text: string,
  search: Search,
  marks: Marks,
  level = 0,
  changed: string | null = null,
): string {
  if (changed === null && !search.mayHold(text)) return text
  return level < DEEPEST_TEXT && isJson(text)
    ? maskJson(text, search, marks, level + 1, changed)
    : maskText(text, search, marks)
}

export const isJson = (text: string): boolean => /^\s*[[{]/.test(text) && !text.startsWith('[masked:')

/** At least as many bytes as the shortest secret with its name. */
const BYTES = /\[\s*\d{1,3}(?:\s*,\s*\d{1,3}){7,}\s*\]/y

const CONSTANT = /^(?:[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)$/

class Fault extends Error {}

const BACKSLASH = 0x5c
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

interface Member {
  readonly key: string
  readonly from: number
  readonly text: string | null
  readonly kind: string | null
}

/** An item of a list; the text is null if it is not a text. */
interface Item {
  readonly from: number
  readonly to: number
  readonly text: string | null
}

class Walk {
  edits: Edit[] = []
  readonly #text: string
  readonly #search: Search
  readonly #marks: Marks
  readonly #level: number
  #at = 0
  /** The kind of the changed secret that some member of the record names. */
  #changed: string | null
  /** The places of values that belong to this change, if there is one: they may precede it. */
  readonly #lone: number[] = []
  /** The places of texts that are JSON: these may contain the values of the change. */
  readonly #nested: number[] = []
  /** Whether the current members may describe the subject of the record, and not a part of it (`"email": {"old": ...}`). */
  #isOpen = true

  constructor(text: string, search: Search, marks: Marks, level: number, changed: string | null) {
    this.#text = text
    this.#search = search
    this.#marks = marks
    this.#level = level
    this.#changed = changed
  }

  /** Masks the JSON and returns the end of the part that was read. */
  run(): number {
    try {
      for (this.#skip(); this.#at < this.#text.length; this.#skip()) this.#value(null, 0)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
    const end = this.#at
    this.#hideChanged()
    return end
  }

  #skip(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++
  }

  /** Reads a value. With a kind, everything in the value is a secret. Returns the text of a string, else null. */
  #value(kind: string | null, depth: number, key = ''): string | null {
    if (depth > DEEPEST) throw new Fault()
    switch (this.#text[this.#at]) {
      case '"':
        return this.#string(kind, key)
      case '{':
        this.#object(kind, depth)
        return null
      case '[':
        this.#array(kind, depth)
        return null
      default:
        this.#word(kind)
        return null
    }
  }

  #string(kind: string | null, key = ''): string {
    const from = this.#at + 1
    const to = this.#closing(from)
    this.#at = Math.min(to + 1, this.#text.length)
    const raw = this.#text.slice(from, to)
    const value = decoded(raw)
    if (kind !== null) {
      if (isSecret(value, kind)) this.edits.push({ from, to, by: this.#marks.of(kind, value) })
      return value
    }
    if (isKeyId(key, value)) return value
    if (this.#level < DEEPEST_TEXT && this.#isOpen && isJson(value)) this.#nested.push(from - 1)
    const masked = maskValue(value, this.#search, this.#marks, this.#level)
    if (masked !== value) this.edits.push({ from, to, by: JSON.stringify(masked).slice(1, -1) })
    return value
  }

  /** Returns the end of the string: its quote, or the end of a cut-off text. */
  #closing(from: number): number {
    const text = this.#text
    for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
      let before = at
      while (before > from && text.charCodeAt(before - 1) === BACKSLASH) before--
      // A backslash after another one is escaped by it.
      if ((at - before) % 2 === 0) return at
    }
    return text.length
  }

  #word(kind: string | null): void {
    const word = /^[-+.\w]+/.exec(this.#text.slice(this.#at, this.#at + 512))?.[0]
    const next = this.#text[this.#at + (word?.length ?? 0)] ?? ','
    // Text without quotes that is neither a number nor a constant is not JSON: from here on it is read as text.
    if (word === undefined || (kind === null && !(CONSTANT.test(word) && /[\s,\]}]/.test(next))))
      throw new Fault()
    const from = this.#at
    this.#at += word.length
    const found = kind !== null && isSecret(word, kind) ? kind : isCardNumber(word) ? 'card' : null
    if (found !== null) this.edits.push({ from, to: this.#at, by: `"${this.#marks.of(found, word)}"` })
  }

  #array(kind: string | null, depth: number): void {
    if (kind === null && this.#bytes()) return
    this.#at++
    const items: Item[] = []
    for (;;) {
      this.#skip()
      const sign = this.#text[this.#at]
      if (sign === undefined || sign === ']') break
      if (sign === ',') {
        this.#at++
        continue
      }
      const from = this.#at + 1
      const text =
        sign === '{' && kind === null
          ? this.#item(depth + 1)
          : this.#value(kind ?? this.#kindBehind(items.at(-1)?.text ?? null), depth + 1)
      items.push({ from, to: this.#at - 1, text })
    }
    this.#at = Math.min(this.#at + 1, this.#text.length)
    if (kind === null) this.#hideInCommand(items)
  }

  /** The kind of the item after this one: a list may hold options with their values, or headers with their values. */
  #kindBehind(text: string | null): string | null {
    if (text === null || text.length > 64) return null
    const kind = this.#search.names.kindOf(text)
    if (kind === null) return null
    return /^--?\w/.test(text) || ((kind === 'authorization' || kind === 'cookie') && /^[\w-]+$/.test(text))
      ? kind
      : null
  }

  /** `["mysql", "-psecret"]` */
  #hideInCommand(items: readonly Item[]): void {
    if (items.length < 2) return
    let at = 0
    const args = items.map(({ text }) => {
      const arg = { text: text ?? '', from: at }
      at += arg.text.length + 1
      return arg
    })
    for (const { from, to } of secretsOfCommand(args)) {
      const i = args.findLastIndex((arg) => arg.from <= from)
      const { text, from: begin } = args[i]!
      const item = items[i]!
      const secret = text.slice(from - begin, to - begin)
      const by = text.slice(0, from - begin) + this.#marks.of('password', secret) + text.slice(to - begin)
      this.edits = this.edits.filter((edit) => edit.to <= item.from || edit.from >= item.to)
      this.edits.push({ from: item.from, to: item.to, by: JSON.stringify(by).slice(1, -1) })
    }
  }

  /** Masks a text written as a list of its bytes: if it contains a secret, the mask is written as a text. */
  #bytes(): boolean {
    BYTES.lastIndex = this.#at
    const list = BYTES.exec(this.#text)?.[0]
    if (list === undefined) return false
    const from = this.#at
    this.#at += list.length
    const value = Buffer.from(list.slice(1, -1).split(',').map(Number))
      .toString('utf8')
      .replaceAll('\0', '\ufffd')
    const masked = maskValue(value, this.#search, this.#marks, this.#level)
    if (masked !== value) this.edits.push({ from, to: this.#at, by: JSON.stringify(masked) })
    return true
  }

  /** Reads an object in a list. */
  #item(depth: number): null {
    if (depth > DEEPEST) throw new Fault()
    this.#object(null, depth, depth > 1)
    return null
  }

  #object(kind: string | null, depth: number, isItem = false): void {
    this.#at++
    const members: Member[] = []
    const isOpen = this.#isOpen
    try {
      this.#members(kind, depth, members)
    } finally {
      // This also applies to an object that was cut off or that continues as something other than JSON.
      this.#isOpen = isOpen
      this.#hideNamed(members, depth)
      if (isOpen) this.#noteLone(members, isItem)
    }
  }

  #members(kind: string | null, depth: number, members: Member[]): void {
    const { names } = this.#search
    for (;;) {
      this.#skip()
      const sign = this.#text[this.#at]
      if (sign === undefined) return
      if (sign === '}') {
        this.#at++
        return
      }
      if (sign === ',') {
        this.#at++
        continue
      }
      if (sign !== '"') throw new Fault()
      const from = this.#at + 1
      const to = this.#closing(from)
      this.#at = Math.min(to + 1, this.#text.length)
      const key = decoded(this.#text.slice(from, to))
      this.#skip()
      if (this.#text[this.#at] === undefined) return
      if (this.#text[this.#at] !== ':') throw new Fault()
      this.#at++
      this.#skip()
      if (this.#text[this.#at] === undefined) return
      const own = names.kindOf(key) ?? (kind !== null && !names.isAbout(key, kind) ? kind : null)
      const start = this.#at
      const isOpen = this.#isOpen
      const first = this.#text[start]
      if (first === '{' || first === '[') this.#isOpen = isOpen && names.isContainer(key)
      const text = this.#value(own, depth + 1, key)
      this.#isOpen = isOpen
      // `"passwordChanged": {"old": ...}`
      if (isOpen) this.#changed ??= names.kindOfChange(key, text ?? key)
      members.push({ key, from: start, text, kind: own })
    }
  }

  /** Masks the values beside a secret's name: `{"field": "Password", "old": "x", "new": "y"}`. */
  #hideNamed(members: readonly Member[], depth: number): void {
    const { names } = this.#search
    let kind: string | null = null
    for (const { key, text } of members) {
      if (text !== null && names.isNamer(key)) kind ??= names.kindOf(text)
    }
    if (kind === null) return
    const at = this.#at
    for (const { key, from, kind: known } of members) {
      if (known === null && names.isValue(key)) this.#again(from, () => this.#value(kind, depth + 1))
    }
    this.#at = at
  }

  /** Notes values whose field no member names: `{"action": "Password changed", "old_value": "x", "new_value": "y"}`. */
  #noteLone(members: readonly Member[], isItem: boolean): void {
    const { names } = this.#search
    if (members.some(({ key, text }) => text !== null && text !== '' && names.isFieldName(key, isItem)))
      return
    const values = members.filter(({ key, kind }) => kind === null && names.loneness(key) !== null)
    if (values.length < 2 && !values.some(({ key }) => names.loneness(key) === 'value')) return
    for (const { from } of values) {
      const first = this.#text[from]
      if (first !== '{' && first !== undefined) this.#lone.push(from)
    }
  }

  #hideChanged(): void {
    const kind = this.#changed
    if (kind === null) return
    for (const from of this.#nested) {
      this.#again(from, () => {
        const to = this.#closing(from + 1)
        this.#at = to + 1
        const value = decoded(this.#text.slice(from + 1, to))
        const masked = maskValue(value, this.#search, this.#marks, this.#level, kind)
        if (masked !== value) this.edits.push({ from: from + 1, to, by: JSON.stringify(masked).slice(1, -1) })
      })
    }
    for (const from of this.#lone) this.#again(from, () => this.#hideLone(kind))
  }

  /** Masks the value here, or the values of the list here. */
  #hideLone(kind: string): void {
    const list = this.#text[this.#at] === '['
    if (list) this.#at++
    for (;;) {
      this.#skip()
      const from = this.#at
      const first = this.#text[from]
      if (first === '"') {
        const to = this.#closing(from + 1)
        this.#at = to + 1
        const value = decoded(this.#text.slice(from + 1, to))
        if (isChangedSecret(value, kind))
          this.edits.push({ from: from + 1, to, by: this.#marks.of(kind, value) })
      } else {
        const word = /^[-+.\w]+/.exec(this.#text.slice(from, from + 512))?.[0]
        if (word === undefined) return
        this.#at += word.length
        if (isChangedSecret(word, kind))
          this.edits.push({ from, to: this.#at, by: `"${this.#marks.of(kind, word)}"` })
      }
      this.#skip()
      if (!list || this.#text[this.#at] !== ',') return
      this.#at++
    }
  }

  /** Reads the text at a place again. New edits, if there are any, replace the earlier ones. */
  #again(from: number, read: () => unknown): void {
    this.#at = from
    const before = this.edits
    this.edits = []
    try {
      read()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
    }
    const to = this.#at
    const kept =
      this.edits.length === 0 ? before : before.filter((edit) => edit.to <= from || edit.from >= to)
    this.edits = [...kept, ...this.edits]
  }
}

function decoded(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    const value: unknown = JSON.parse(`"${raw}"`)
    return typeof value === 'string' ? value : raw
  } catch {
    // The text was cut within an escape, or contains a raw line end: this returns the readable part.
    return raw.replace(/\\(?:u([\da-fA-F]{4})|(.))|\\$/gs, (_, code?: string, sign?: string) =>
      code === undefined
        ? (ESCAPES[sign ?? ''] ?? sign ?? '')
        : String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
