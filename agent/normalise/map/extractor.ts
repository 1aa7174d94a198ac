import type { Asked } from '../integration/condition.ts'
import type { Mapping } from '../integration/mapping.ts'
import type { CompiledExtraction } from '../integration/rules.ts'
import type { Envelope } from '../read/syslog/envelope.ts'
import { Piece } from '../wasm/piece.ts'
import { KIND } from '../wasm/rows.ts'
import { type PendingExtractions, pendingExtractions } from './pending-extractions.ts'
import type { RecordRows } from './record-rows.ts'

const NONE = -1

/** Takes texts apart that hold several things: what they hold become rows of the record. */
export class Extractor {
  readonly #found: RecordRows
  readonly #unpack: readonly number[]
  readonly #steps: readonly PendingExtractions[]
  /** By leaf: the members from which it will be taken. */
  readonly #sources = new Map<number, number[]>()
  readonly #names = new Map<string, Piece>()
  #envelope: Envelope | null = null
  /** What conditions ask of a record before it has fields. Most ask for the same field: its answer is kept until the record changes. */
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

  /** False where a text may be JSON that is to be read: the record has to be rebuilt with it. */
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

  /** Several steps may take the same text apart. */
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
