import {
  type AuditEvent,
  FIELDS,
  type Field,
  fieldOf,
  HOLDERS,
  isRecord,
  kindOfValues,
  mayHold,
  sameValuesAs,
  type ValueKind,
  valueAt,
  whatTellsOf,
  wordsOf,
} from '../../schema/index.ts'
import { type ChangeQuery, OWN_QUESTIONS, type Query, withoutAddresses } from '../query/index.ts'
import { Refusal } from '../refusal.ts'

/** The text that replaces a value that a role does not see. */
export const MASKED = '(masked)'

const isUnder = (path: string, outer: string): boolean => path === outer || path.startsWith(`${outer}.`)

/** Fields that are never masked: an event's identity, and the groups that hold it. */
const NEVER = new Set(['@timestamp', 'event', 'event.id', 'event.sequence', 'agent', 'agent.id', 'audit'])

/** `source.*` is the group `source`. */
const groupOf = (name: string): string => name.replace(/\.\*$/, '')

/** Whether it names a field, a path into a flattened one, or a group of fields such as `user` or `user.*`. */
export function isMaskable(name: string): boolean {
  const group = groupOf(name)
  return !NEVER.has(group) && (fieldOf(group) !== undefined || fieldsUnder(group).length > 0)
}

const fieldsUnder = (group: string): string[] =>
  Object.keys(FIELDS).filter((field) => field.startsWith(`${group}.`))

/** The fields that a setting means: one, or those of a group. */
function fieldsNamed(name: string): string[] {
  const group = groupOf(name)
  return fieldOf(group) === undefined ? fieldsUnder(group) : [group]
}

/** One part of a question about a field whose values may hold masked ones. */
type Part =
  | { readonly kind: 'exists' }
  /** Holds for one value, whole. */
  | { readonly kind: 'whole'; readonly text: string }
  /** Holds for values that have these somewhere. */
  | { readonly kind: 'parts'; readonly texts: readonly string[] }
  /** Reveals the values themselves, or their order. */
  | { readonly kind: 'values' }

/**
 * The fields that are masked for a client: those that the settings name, and all that have copies of their values. Texts of a source and
 * the payload may hold copies, too: the values are replaced there, and a question is answered only if no masked value could change its
 * answer.
 */
export class Mask {
  /** Fields that are shown as masked, and that nobody may ask about. */
  readonly #hidden: readonly string[]
  /** Fields whose values are replaced elsewhere. */
  readonly #valued: readonly string[]
  /** The kinds of masked values, by field that may hold them. */
  readonly #held: ReadonlyMap<string, ReadonlySet<ValueKind>>
  /** Words of masked fields are among those that a search without a field looks into. */
  readonly #words: boolean

  /** As the settings name them. */
  readonly named: readonly string[]

  constructor(named: readonly string[]) {
    this.named = named
    this.#valued = sameValuesAs(named.flatMap(fieldsNamed))
    this.#hidden = [...this.#valued, ...whatTellsOf(this.#valued)]
    this.#held = new Map(
      HOLDERS.map((holder) => [holder, mayHold(holder, this.#valued)] as const)
        .filter(([, fields]) => fields.length > 0)
        .map(([holder, fields]) => [holder, new Set(fields.map(kindOfValues))]),
    )
    this.#words = Object.entries<Field>(FIELDS).some(
      ([path, field]) => field.words === true && this.hides(path),
    )
  }

  get isEmpty(): boolean {
    return this.#hidden.length === 0
  }

  /** Excludes Waybill's own events of searches and exports: they hold other users' questions, and those contain masked values. */
  get only(): Query | null {
    return this.isEmpty ? null : { kind: 'not', of: OWN_QUESTIONS }
  }

  /** The fields that a reader must hide completely if it can't replace values within texts: all that may hold a masked one. */
  get withheld(): readonly string[] {
    if (this.isEmpty) return []
    return [
      ...new Set([...this.#hidden, ...this.#held.keys(), ...(this.#words ? ['audit.words'] : [])]),
    ].sort()
  }

  hides(field: string): boolean {
    return this.#hidden.some((path) => isUnder(field, path) || isUnder(path, field))
  }

  /** Returns the event as the client may see it. */
  over(event: AuditEvent): AuditEvent {
    return this.isEmpty
      ? event
      : this.#over(
          event,
          '',
          lazily(() => this.#replacing(event)),
        )
  }

  #over(
    record: Readonly<Record<string, unknown>>,
    at: string,
    replacing: () => Replacing,
  ): Record<string, unknown> {
    const shown: [string, unknown][] = []
    for (const [key, value] of Object.entries(record)) {
      const path = at === '' ? key : `${at}.${key}`
      const kinds = this.#held.get(path)
      if (this.#hidden.some((hidden) => isUnder(path, hidden))) shown.push([key, masked(value)])
      else if (kinds !== undefined) shown.push([key, this.#within(value, path, replacing()(kinds))])
      else if (isRecord(value)) shown.push([key, this.#over(value, path, replacing)])
      else shown.push([key, value])
    }
    // `fromEntries` keeps a member called `__proto__`; an assignment would set the prototype instead.
    return Object.fromEntries(shown)
  }

  /** The same for what may hold masked values, at any depth, in the names of members as well. */
  #within(value: unknown, path: string, replaced: (text: string) => string): unknown {
    if (typeof value === 'string') return replaced(value)
    if (typeof value === 'number') return replaced(String(value)) === String(value) ? value : MASKED
    if (Array.isArray(value)) return value.map((item) => this.#within(item, path, replaced))
    if (!isRecord(value)) return value
    const shown = Object.entries(value).map(([key, inner]): [string, unknown, string] => {
      const here = `${path}.${key}`
      const isHidden = this.#hidden.some((hidden) => isUnder(here, hidden))
      return [replaced(key), isHidden ? masked(inner) : this.#within(inner, here, replaced), key]
    })
    // Members are ordered by name, so the position of a replaced name would reveal how it begins. Renamed members come last.
    const [renamed, kept] = [
      shown.filter(([name, , key]) => name !== key),
      shown.filter(([name, , key]) => name === key),
    ]
    return Object.fromEntries([...kept, ...renamed].map(([name, inner]) => [name, inner]))
  }

  /** Returns the function that replaces the masked values of this event in its other texts. */
  #replacing(event: AuditEvent): Replacing {
    const others = new Set<string>()
    for (const field of this.#valued)
      if (fieldOf(field)?.type !== 'ip')
        for (const text of textsUnder(valueAt(event, field))) others.add(text)
    const pattern = patternOf([...others])
    return (kinds) => (text) => {
      const plain = pattern === null ? text : text.replace(pattern, MASKED)
      return kinds.has('address') ? withoutAddresses(plain, MASKED) : plain
    }
  }

  /** Refuses a query whose results would reveal the value of a masked field. */
  demand(query: Query): void {
    const found = this.isEmpty ? null : this.#hiddenIn(query)
    if (found === null) return
    throw new Refusal(
      'WB-FIELD-MASKED',
      found === 'words'
        ? 'Some fields are masked for your role, so you can search in fields only, such as `event.action: login`: words without a field would also search the masked ones.'
        : this.hides(found)
          ? `${found} is masked for your role, so you can't search by it.`
          : `Some fields are masked for your role, and ${found} may hold their values, so this search is refused; search another field.`,
    )
  }

  allows(query: Query): boolean {
    return this.isEmpty || this.#hiddenIn(query) === null
  }

  /** Refuses a question whose answer lists, orders or adds up the values of a field. */
  demandValues(field: string): void {
    this.demand({ kind: 'exists', field })
    if (this.#tells(field, [{ kind: 'values' }])) {
      throw new Refusal(
        'WB-FIELD-MASKED',
        `Some fields are masked for your role, and ${field} may hold their values, so its values can't be listed or sorted.`,
      )
    }
  }

  #hiddenIn(query: Query): string | null {
    switch (query.kind) {
      case 'all':
      case 'none':
        return null
      case 'and':
      case 'or':
        return first(query.of, (part) => this.#hiddenIn(part))
      case 'not':
        return this.#hiddenIn(query.of)
      case 'words':
        return this.#hiddenInWords([{ kind: 'parts', texts: query.words }])
      case 'change':
        return this.hides('audit.changes') || this.#tells('audit.changes', partsOfChange(query.of))
          ? 'audit.changes'
          : null
      default:
        // A condition on `audit.words` searches the same words as one without a field.
        if (query.field === 'audit.words') return this.#hiddenInWords(partsOf(query))
        return this.hides(query.field) || this.#tells(query.field, partsOf(query)) ? query.field : null
    }
  }

  #hiddenInWords(parts: readonly Part[]): 'words' | null {
    return this.#words || this.#tells('message', parts) ? 'words' : null
  }

  /** Whether a masked value in this field could decide the answer. */
  #tells(name: string, parts: readonly Part[]): boolean {
    const field = fieldOf(name)
    const kinds = field === undefined ? undefined : this.#held.get(field.name)
    if (field === undefined || kinds === undefined) return false
    const path: Part[] = field.inside === undefined ? [] : [{ kind: 'whole', text: field.inside }]
    return [...kinds].some((kind) => [...path, ...parts].some((part) => TELLS[kind](part)))
  }
}

export const NO_MASK = new Mask([])

/** Gives the replacer for a field that may hold values of these kinds. */
type Replacing = (kinds: ReadonlySet<ValueKind>) => (text: string) => string

function lazily<Value>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => {
    made ??= make()
    return made
  }
}

function textsUnder(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsUnder)
  if (isRecord(value)) return Object.values(value).flatMap(textsUnder)
  return value === null || value === undefined ? [] : [String(value)]
}

const WORD_CHARACTER = '[\\p{L}\\p{M}\\p{N}]'

/** Finds these texts where no letter or digit continues with them, the longest first, also as JSON writes them. */
function patternOf(texts: readonly string[]): RegExp | null {
  const spelled = new Set(
    texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]).filter((text) => text.trim() !== ''),
  )
  if (spelled.size === 0) return null
  const found = [...spelled].sort((a, b) => b.length - a.length).map((text) => RegExp.escape(text))
  return new RegExp(`(?<!${WORD_CHARACTER})(?:${found.join('|')})(?!${WORD_CHARACTER})`, 'giu')
}

function partsOf(query: Extract<Query, { readonly field: string }>): Part[] {
  switch (query.kind) {
    case 'exists':
      return [{ kind: 'exists' }]
    case 'equals':
      // A text matches any of its words in a row.
      return fieldOf(query.field)?.type === 'text'
        ? [{ kind: 'parts', texts: [query.value] }]
        : [{ kind: 'whole', text: query.value }]
    case 'wildcard':
      return [{ kind: 'parts', texts: query.parts }]
    default:
      return [{ kind: 'values' }]
  }
}

function partsOfChange(query: ChangeQuery): Part[] {
  switch (query.kind) {
    case 'and':
    case 'or':
      return query.of.flatMap(partsOfChange)
    case 'not':
      return partsOfChange(query.of)
    case 'exists':
      return [{ kind: 'exists' }]
    case 'equals':
      return [{ kind: 'whole', text: query.value }]
    case 'wildcard':
      return [{ kind: 'parts', texts: query.parts }]
  }
}

/** Whether a text consists of words that could all be found outside of a value of this kind; `mayBe` says which word could be in one. */
const standsInValue = (text: string, mayBe: (word: string) => boolean): boolean => {
  const words = wordsOf(text)
  return words.length === 0 ? text !== '' : words.some(mayBe)
}

/** Whether a word may be a group of an address, a part of one, or text that is joined to one without a gap. */
const mayBeOfAddress = (word: string): boolean => /^[\da-f]{1,4}$/.test(word) || /\d\D|\D\d/.test(word)
const mayBeOfNumber = (word: string): boolean => /^\d+$/.test(word)

/** Whether a question could be answered by a value of this kind that is somewhere in a text. */
const TELLS: Readonly<Record<ValueKind, (part: Part) => boolean>> = {
  address(part) {
    if (part.kind === 'whole') return withoutAddresses(part.text, MASKED) !== part.text
    return (
      part.kind === 'values' ||
      (part.kind === 'parts' && part.texts.some((text) => standsInValue(text, mayBeOfAddress)))
    )
  },
  number(part) {
    if (part.kind === 'whole') return wordsOf(part.text).some(mayBeOfNumber)
    return (
      part.kind === 'values' ||
      (part.kind === 'parts' && part.texts.some((text) => standsInValue(text, mayBeOfNumber)))
    )
  },
  text: (part) => part.kind !== 'exists',
}

function first<Item>(items: readonly Item[], found: (item: Item) => string | null): string | null {
  for (const item of items) {
    const one = found(item)
    if (one !== null) return one
  }
  return null
}

/** Masks a value. Whether there is a value is no secret; the number of values is: two fields of one value are one in a list of both. */
const masked = (value: unknown): unknown =>
  !Array.isArray(value) ? MASKED : value.length === 0 ? value : [MASKED]
