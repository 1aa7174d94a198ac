import { type Asked, isField, textFrom } from '../integration/condition.ts'
import { type Condition, folded } from '../integration/integration.ts'
import { leafOf } from '../integration/layout.ts'
import type { Mapping } from '../integration/mapping.ts'
import type { CompiledExtraction } from '../integration/rules.ts'
import type { Envelope } from '../read/syslog/envelope.ts'
import { Piece } from '../wasm/piece.ts'
import { KIND } from '../wasm/rows.ts'
import type { RecordRows } from './record-rows.ts'

const NONE = -1

/** Splits texts that contain several values: these become rows of the record. */
export class Extractor {
  readonly #found: RecordRows
  readonly #unpack: readonly number[]
  readonly #steps: readonly PendingExtractions[]
  /** By leaf: the members that it will be taken from. */
  readonly #sources = new Map<number, number[]>()
  readonly #names = new Map<string, Piece>()
  #envelope: Envelope | null = null
  /**
   * Answers conditions about a record before it has fields. Most conditions ask for the same field: its answer is kept until the record
   * changes.
   */
  readonly #asked: Asked = {
    member: (source) => this.#text(source),
    field: (leaf) => {
      if (leaf !== this.#askedLeaf) {
        this.#answer = this.#field(leaf)
        this.#askedLeaf = leaf
      }
      return this.#answer
    },
  }
  /** The row whose text was read last. */
  #row = NONE
  #textOfRow = ''
  #askedLeaf = NONE
  #answer: string | undefined

  constructor(found: RecordRows, mapping: Mapping) {
    const { unpack, extract, rules, names } = mapping
    this.#found = found
    this.#unpack = unpack
    this.#steps = pendingExtractions(mapping, (name) => names.add(name))
    for (const { leaf, sources, applies, constant } of rules) {
      if (applies !== null || constant !== null) continue
      this.#sources.set(leaf, [...(this.#sources.get(leaf) ?? []), ...sources])
    }
    for (const { sourceOf } of extract) {
      for (const name of sourceOf.keys()) this.#names.set(name, new Piece(JSON.stringify(name)))
    }
  }

  /** Returns false if a text may be JSON that has to be read: then the record has to be rebuilt with it. */
  take(envelope: Envelope | null): boolean {
    const found = this.#found
    this.#envelope = envelope
    this.#askedLeaf = NONE
    this.#row = NONE
    if (!found.isRebuilt) {
      for (const source of this.#unpack) {
        const row = found.hit(source)
        if (row !== NONE && found.kind(row) === KIND.string && found.mayBeJson(row)) return false
      }
    }
    for (const { text, pending } of this.#steps) {
      const these = pending(text === null ? undefined : text(this.#asked))
      for (let i = 0; i < these.length; i++) {
        const one = these[i]!
        if (one.into !== null && found.hit(one.into) !== NONE) continue
        const applies = text !== null || one.applies === null || one.applies(this.#asked)
        if (applies) this.#takeOne(one)
      }
    }
    return true
  }

  #takeOne({ extraction, groupsOf, from, sourceOf }: CompiledExtraction): void {
    const found = this.#found
    let at = 0
    while (at < from.length && found.hit(from[at]!.source) === NONE) at++
    const place = from[at]
    if (place === undefined) return
    const row = found.hit(place.source)
    if (found.kind(row) !== KIND.string) return
    const groups = groupsOf(this.#textOf(row))
    if (groups === null) return
    if (!extraction.keep) found.remove(place.source)
    for (const [name, text] of groups) found.add(sourceOf.get(name)!, this.#names.get(name)!, text)
    if (groups.length > 0) this.#askedLeaf = NONE
  }

  /** Several steps may split the same text. */
  #textOf(row: number): string {
    if (row !== this.#row) {
      this.#textOfRow = this.#found.text(row)
      this.#row = row
    }
    return this.#textOfRow
  }

  #field(leaf: number): string | undefined {
    const given = this.#envelope?.fields.find(([one]) => one === leaf)?.[1]
    if (typeof given === 'string') return given
    for (const source of this.#sources.get(leaf) ?? []) {
      const text = this.#text(source)
      if (text !== undefined) return text
    }
    return undefined
  }

  #text(source: number): string | undefined {
    const found = this.#found
    const row = found.hit(source)
    return row === NONE || found.kind(row) !== KIND.string || found.length(row) === 0
      ? undefined
      : found.text(row)
  }
}

const MOST_KNOWN = 1024

/**
 * Extractions that run one after the other, selected by one text: messages by their program. The pending ones are determined once for each
 * text.
 */
interface PendingExtractions {
  /** The text that selects; null if all are always pending. */
  readonly text: ((asked: Asked) => string | undefined) | null
  pending(text: string | undefined): readonly CompiledExtraction[]
}

interface Step {
  readonly one: CompiledExtraction
  /** The one name in its condition, and its possible texts; null if the condition has another form. */
  readonly asks: { readonly name: string; readonly oneOf: readonly string[] } | null
}

/** Groups all extractions of an integration, in their order. */
function pendingExtractions(
  { extract, rules }: Mapping,
  sourceOf: (name: string) => number,
): PendingExtractions[] {
  const steps: PendingExtractions[] = []
  let run: Step[] = []
  const end = (): void => {
    if (run.length > 0) steps.push(choosing(run, sourceOf))
    run = []
  }
  for (const one of extract) {
    const asks = one.applies === null ? null : onlyAsk(one.extraction.when)
    if (run.length > 0 && run[0]!.asks?.name !== asks?.name) end()
    if (asks === null) steps.push({ text: null, pending: always(one) })
    else {
      run.push({ one, asks })
      // After this extraction, the text that decides may be another one.
      if (mayChange(one, asks.name)) end()
    }
  }
  end()
  return steps

  function mayChange({ from, sourceOf: groups }: CompiledExtraction, name: string): boolean {
    const asked = isField(name)
      ? rules.filter(({ leaf }) => leaf === leafOf(name)).flatMap(({ sources }) => sources)
      : [sourceOf(name)]
    return [...groups.values(), ...from.map(({ source }) => source)].some((source) => asked.includes(source))
  }
}

const always = (one: CompiledExtraction): PendingExtractions['pending'] => {
  const pending = [one]
  return () => pending
}

function choosing(run: readonly Step[], sourceOf: (name: string) => number): PendingExtractions {
  const wanted = run.map(({ one, asks }) => ({ one, texts: new Set(asks?.oneOf.map(folded)) }))
  const known = new Map<string, readonly CompiledExtraction[]>()
  const none: readonly CompiledExtraction[] = []
  return {
    text: textFrom(run[0]!.asks!.name, sourceOf),
    pending(text) {
      if (text === undefined) return none
      let pending = known.get(text)
      if (pending === undefined) {
        const fold = folded(text)
        pending = wanted.filter(({ texts }) => texts.has(fold)).map(({ one }) => one)
        if (known.size >= MOST_KNOWN) known.clear()
        known.set(text, pending)
      }
      return pending
    },
  }
}

function onlyAsk(when: Condition | null): Step['asks'] {
  if (when === null) return null
  if ('all' in when) return when.all.length === 1 ? onlyAsk(when.all[0]!) : null
  return 'oneOf' in when ? when : null
}
