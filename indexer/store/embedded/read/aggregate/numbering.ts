import { addressKey, addressKeyOf, addressText } from '../../../../query/index.ts'
import { AGGREGATE_LIMITS, type ValueOrder } from '../../../aggregate.ts'
import { type CountableField, compareValues, type FieldValue, valueOrder } from '../../../field-values.ts'

/**
 * Numbers numbers as they come: open addressing over typed arrays. A `Map` takes ten times the room, and for two million addresses
 * four times as long.
 */
export class NumberTable {
  /** The keys, in the order in which they came. */
  #keys = new Float64Array(1024)
  /** The key of each slot lies beside its index, so that a lookup reads one place of memory. */
  #slots = new Int32Array(2048).fill(-1)
  #slotKeys = new Float64Array(2048)
  /** The slots of recent keys: mostly a few keys come again and again, and these places stay in the processor's cache. */
  readonly #recent = new Int32Array(4096).fill(-1)
  readonly #bits = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#bits.buffer)
  count = 0

  key(index: number): number {
    return this.#keys[index]!
  }

  /** Returns the number's index, or -1 if it is new and the table is full. */
  indexOf(key: number, most: number): number {
    const recent = this.#hash(key) & 4095
    const last = this.#recent[recent]!
    if (last !== -1 && this.#keys[last] === key) return last
    let slot = this.#slot(key)
    const known = this.#slots[slot]!
    if (known !== -1) {
      this.#recent[recent] = known
      return known
    }
    if (this.count >= most) return -1
    if (this.count === this.#keys.length) {
      this.#reserve(this.count * 2)
      slot = this.#slot(key)
    }
    const index = this.count++
    this.#keys[index] = key
    this.#slots[slot] = index
    this.#slotKeys[slot] = key
    return index
  }

  #reserve(most: number): void {
    let room = this.#keys.length
    while (room < most) room *= 2
    if (room === this.#keys.length) return
    const keys = new Float64Array(room)
    keys.set(this.#keys)
    this.#keys = keys
    this.#slots = new Int32Array(room * 2).fill(-1)
    this.#slotKeys = new Float64Array(room * 2)
    for (let index = 0; index < this.count; index++) {
      const slot = this.#slot(keys[index]!)
      this.#slots[slot] = index
      this.#slotKeys[slot] = keys[index]!
    }
  }

  #hash(key: number): number {
    this.#bits[0] = key
    let hash = Math.imul(this.#halves[0]!, 0x9e3779b1) ^ Math.imul(this.#halves[1]!, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return hash ^ (hash >>> 13)
  }

  #slot(key: number): number {
    const slots = this.#slots
    const slotKeys = this.#slotKeys
    const mask = slots.length - 1
    let slot = this.#hash(key) & mask
    while (slots[slot] !== -1 && slotKeys[slot] !== key) slot = (slot + 1) & mask
    return slot
  }
}

const FIRST_V4 = '00000000000000000000ffff'

/** The values of one field, numbered as they are met. Addresses of four bytes are numbers, and have the even numbers. */
export class ValueNumbers {
  readonly kind: CountableField['kind']
  readonly #numbers = new NumberTable()
  readonly #numberOfText = new Map<string, number>()
  readonly #texts: string[] = []

  constructor(kind: CountableField['kind']) {
    this.kind = kind
  }

  /** The bound of all given numbers. */
  get end(): number {
    if (this.kind === 'text') return this.#texts.length
    if (this.kind === 'number') return this.#numbers.count
    return Math.max(this.#numbers.count, this.#texts.length) * 2
  }

  /** Returns the number of a value, or -1 if there are too many. */
  of(value: FieldValue): number {
    if (typeof value === 'number') return this.ofNumber(value)
    if (this.kind === 'address') {
      const key = addressKey(value) ?? ''
      if (key.startsWith(FIRST_V4)) return this.ofNumber(Number.parseInt(key.slice(24), 16))
    }
    let index = this.#numberOfText.get(value)
    if (index === undefined) {
      if (this.#texts.length >= AGGREGATE_LIMITS.texts) return -1
      index = this.#texts.push(value) - 1
      this.#numberOfText.set(value, index)
    }
    return this.kind === 'address' ? index * 2 + 1 : index
  }

  /** A number, or an address of four bytes as one. */
  ofNumber(value: number): number {
    const index = this.#numbers.indexOf(value, AGGREGATE_LIMITS.numbers)
    return this.kind === 'address' && index !== -1 ? index * 2 : index
  }

  value(number: number): FieldValue {
    switch (this.kind) {
      case 'text':
        return this.#texts[number]!
      case 'number':
        return this.#numbers.key(number)
      case 'address':
        if ((number & 1) === 1) return this.#texts[number >>> 1]!
        return addressText(addressKeyOf(this.#numbers.key(number >>> 1)))
    }
  }

  compare(a: number, b: number): number {
    if (this.kind === 'address' && ((a | b) & 1) === 0)
      return this.#numbers.key(a >>> 1) - this.#numbers.key(b >>> 1)
    return compareValues(this.kind, this.value(a), this.value(b))
  }

  /** Orders numbers by their values. */
  inOrder(order: ValueOrder): (a: number, b: number) => number {
    const { compare } = valueOrder(this.kind, order)
    return (a, b) => compare(this.value(a), this.value(b))
  }
}
