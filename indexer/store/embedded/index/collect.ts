import { LIMITS } from '../../../../schema/index.ts'
import { addressKey, addressText } from '../../../query/index.ts'
import type { HeldValues } from './held.ts'
import {
  DAY,
  dayText,
  FACETS,
  FEW_WORDS,
  type FieldNode,
  MOST_WORDS,
  magnitudeOf,
  magnitudeText,
  OVERFLOW_SEED,
  PRESENCE,
  ROOT,
  type Way,
  WORDY_SEED,
} from './layout.ts'
import { seedBelow, type Terms } from './terms.ts'

type IndexedWay = Extract<Way, { readonly seed: number }>

/** Takes one event after another apart: terms into `terms`, facet values into `slots`, presence into `present`. */
export class Collector {
  readonly terms: Terms
  readonly held: HeldValues
  /** The raw values of the facets' fields of the last event, by facet and slot. */
  readonly slots: unknown[][] = FACETS.map((paths) => paths.map(() => undefined))
  /** Bits for the fields of `PRESENCE` that the last event has, 30 a number. */
  readonly present: number[] = new Array<number>(Math.ceil(PRESENCE.length / 30)).fill(0)
  #wordsLeft = 0

  constructor(terms: Terms, held: HeldValues) {
    this.terms = terms
    this.held = held
  }

  collect(event: object): void {
    for (const values of this.slots) values.fill(undefined)
    this.present.fill(0)
    this.begin()
    this.#walk(event as Record<string, unknown>, ROOT)
    this.finish()
  }

  begin(): void {
    this.#wordsLeft = MOST_WORDS
  }

  finish(): void {
    if (this.#wordsLeft < 0) this.terms.addValue(OVERFLOW_SEED, '')
    if (this.#wordsLeft < MOST_WORDS - FEW_WORDS) this.terms.addValue(WORDY_SEED, '')
  }

  /** Whether the event's words are still being indexed. */
  get takesWords(): boolean {
    return this.#wordsLeft >= 0
  }

  tookWords(count: number): void {
    this.#wordsLeft -= count
  }

  #walk(record: Record<string, unknown>, node: FieldNode): void {
    for (const member in record) {
      const next = node.members.get(member)
      if (next === undefined) continue
      const value = record[member]
      if (value === null) continue
      const way = next.way
      if (way !== null) {
        if (way.kind === 'facet') this.slots[way.facet]![way.slot] = value
        else if (way.kind !== 'skip') this.#field(value, way)
      }
      if (typeof value === 'object' && next.members.size > 0 && !Array.isArray(value)) {
        this.#walk(value as Record<string, unknown>, next)
      }
    }
  }

  #field(value: unknown, way: IndexedWay): void {
    const word = (way.presence / 30) | 0
    this.present[word] = this.present[word]! | (1 << (way.presence % 30))
    if (way.held !== -1) this.held.addText(way.held, JSON.stringify(value))
    if (way.kind === 'flattened') this.#leaves(value, way, way.seed, true)
    else if (way.kind === 'changes') this.#changes(value)
    else if (typeof value !== 'object') this.value(String(value), way)
    else if (Array.isArray(value)) {
      for (const item of value) if (item !== null && typeof item !== 'object') this.value(String(item), way)
    }
  }

  /** Adds one value of a field; `seed` is that of a field below a flattened one. */
  value(text: string, way: IndexedWay, seed = way.seed): void {
    const { terms } = this
    switch (way.kind) {
      case 'keyword':
      case 'flattened':
        if (text.length <= LIMITS.indexedLength) terms.addValue(seed, text)
        break
      case 'boolean':
        terms.addValue(way.seed, text)
        break
      case 'ip':
        this.#address(text, way)
        return
      case 'date': {
        const time = Date.parse(text)
        if (!Number.isNaN(time)) terms.addValue(way.seed, dayText(Math.floor(time / DAY)))
        break
      }
      case 'number': {
        const number = Number(text)
        if (!Number.isFinite(number)) break
        terms.addValue(way.seed, magnitudeText(magnitudeOf(number)))
        if (way.exact) terms.addValue(way.seed, String(number === 0 ? 0 : number))
      }
    }
    if (way.words || way.kind === 'text') this.words(text)
  }

  /**
   * IPv4 is found by its dotted text and, for blocks, by its octets as words; IPv6 by its digits, whole and in front. What is no address
   * has words only where the field has.
   */
  #address(text: string, way: IndexedWay): void {
    const { terms } = this
    let isAddress = DOTTED.test(text)
    if (text.includes(':')) {
      const key = addressKey(text)
      if (key !== undefined) {
        isAddress = true
        const usual = addressText(key)
        terms.addValue(way.seed, usual)
        if (!usual.includes(':')) this.words(usual)
        for (const digits of V6_BEGINNINGS) terms.addValue(way.seed, key.slice(0, digits))
      }
    } else {
      terms.addValue(way.seed, text)
    }
    if (isAddress || way.words) this.words(text)
  }

  words(text: string): void {
    if (this.#wordsLeft < 0) return
    const before = this.terms.count
    this.terms.addWords(text)
    this.#wordsLeft -= this.terms.count - before
  }

  /** `atRoot`: the path so far is empty, as `leavesUnder` has it (an empty member leaves it so). */
  #leaves(value: unknown, way: IndexedWay, seed: number, atRoot: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#leaves(item, way, seed, atRoot)
    } else if (typeof value === 'object') {
      if (value === null) return
      const record = value as Record<string, unknown>
      for (const member in record) {
        const below = seedBelow(seed, atRoot ? member : `.${member}`)
        this.#leaves(record[member], way, below, atRoot && member === '')
      }
    } else if (value !== undefined) this.value(String(value), way, seed)
  }

  #changes(value: unknown): void {
    if (!Array.isArray(value)) return
    for (const change of value) {
      if (typeof change !== 'object' || change === null || Array.isArray(change)) continue
      const { field, old, new: next } = change as Record<string, unknown>
      if (typeof field !== 'string') continue
      this.words(field)
      if (typeof old === 'string') this.words(old)
      if (typeof next === 'string') this.words(next)
    }
  }
}

const DOTTED = /^[\d.]+$/

/** Hex digits of an IPv6 address that are terms: /32, /48, /64. */
export const V6_BEGINNINGS: readonly number[] = [8, 12, 16]
