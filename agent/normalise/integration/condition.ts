import { FIELDS, type FieldName } from '../../../schema/index.ts'
import { type Condition, folded } from './integration.ts'
import { leafOf } from './layout.ts'
import { finder } from './pattern.ts'

/** The texts of the current record that conditions use; undefined if the record has none. */
export interface Asked {
  /** The text of a member, by the number of its source. */
  member(source: number): string | undefined
  /** The text of a field, by its leaf. */
  field(leaf: number): string | undefined
}

export type Check = (asked: Asked) => boolean

export const isField = (name: string): name is FieldName => Object.hasOwn(FIELDS, name)

export type Simple = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>

/** The simple conditions within a condition. */
export function simpleIn(condition: Condition): readonly Simple[] {
  if ('all' in condition) return condition.all.flatMap(simpleIn)
  if ('any' in condition) return condition.any.flatMap(simpleIn)
  return 'not' in condition ? simpleIn(condition.not) : [condition]
}

/** Returns the members and fields that a condition uses. */
export const namesIn = (condition: Condition): readonly string[] =>
  simpleIn(condition).flatMap((one) => ('differsFrom' in one ? [one.name, one.differsFrom] : [one.name]))

/** The limit of conditions on one name whose answers fit a number, a bit each. */
const MOST_TESTS = 30
const MOST_KNOWN = 4096
const LONGEST_KNOWN = 64

/** The answers of a text to the conditions of its name. */
interface Answers {
  /** A bit for each condition: whether it was asked, and whether it holds. */
  asked: number
  holding: number
}

/**
 * The tests that conditions apply to the texts of one name. Names of actions and results repeat, so their answers are remembered. The
 * answers of one text are stored together, since several conditions ask for them one after the other.
 */
class Tests {
  readonly text: (asked: Asked) => string | undefined
  readonly #tests: ((text: string) => boolean)[] = []
  readonly #known = new Map<string, Answers>()
  /** The last text that was asked for. */
  #text = ''
  #answers: Answers = { asked: 0, holding: 0 }

  constructor(text: (asked: Asked) => string | undefined) {
    this.text = text
  }

  get isFull(): boolean {
    return this.#tests.length === MOST_TESTS
  }

  add(test: (text: string) => boolean): Check {
    const number = this.#tests.push(test) - 1
    return (asked) => {
      const text = this.text(asked)
      return text !== undefined && this.#holds(number, text)
    }
  }

  #holds(number: number, text: string): boolean {
    if (text !== this.#text) {
      this.#answers = this.#answersOf(text)
      this.#text = text
    }
    const answers = this.#answers
    const bit = 1 << number
    if ((answers.asked & bit) === 0) {
      answers.asked |= bit
      if (this.#tests[number]!(text)) answers.holding |= bit
    }
    return (answers.holding & bit) !== 0
  }

  #answersOf(text: string): Answers {
    if (text.length > LONGEST_KNOWN) return { asked: 0, holding: 0 }
    let answers = this.#known.get(text)
    if (answers === undefined) {
      answers = { asked: 0, holding: 0 }
      // If a source always has new texts, this costs time but never memory.
      if (this.#known.size >= MOST_KNOWN) this.#known.clear()
      this.#known.set(text, answers)
    }
    return answers
  }
}

/** Compiles the conditions of an integration; `sourceOf` gives members their numbers. A name of the schema refers to the field. */
export class Conditions {
  readonly #sourceOf: (name: string) => number
  /** The last tests that were begun, by name. */
  readonly #tests = new Map<string, Tests>()

  constructor(sourceOf: (name: string) => number) {
    this.#sourceOf = sourceOf
  }

  check(condition: Condition): Check {
    if ('all' in condition || 'any' in condition) {
      const checks = ('all' in condition ? condition.all : condition.any).map((one) => this.check(one))
      if (checks.length === 1) return checks[0]!
      return 'all' in condition
        ? (asked) => checks.every((check) => check(asked))
        : (asked) => checks.some((check) => check(asked))
    }
    if ('not' in condition) {
      const check = this.check(condition.not)
      return (asked) => !check(asked)
    }
    const { name } = condition
    if ('matches' in condition) return this.#testsOf(name).add(finder(condition.matches))
    if ('oneOf' in condition) {
      const wanted = new Set(condition.oneOf.map(folded))
      return this.#testsOf(name).add((text) => wanted.has(folded(text)))
    }
    const text = this.text(name)
    if ('exists' in condition) return (asked) => (text(asked) !== undefined) === condition.exists
    const other = this.text(condition.differsFrom)
    return (asked) => {
      const value = text(asked)
      return value !== undefined && value !== other(asked)
    }
  }

  /** Returns a function that reads the record's text for this name. */
  text(name: string): (asked: Asked) => string | undefined {
    return textFrom(name, this.#sourceOf)
  }

  #testsOf(name: string): Tests {
    let tests = this.#tests.get(name)
    if (tests === undefined || tests.isFull) {
      tests = new Tests(this.text(name))
      this.#tests.set(name, tests)
    }
    return tests
  }
}

export function textFrom(
  name: string,
  sourceOf: (name: string) => number,
): (asked: Asked) => string | undefined {
  if (isField(name)) {
    const leaf = leafOf(name)
    return (asked) => asked.field(leaf)
  }
  const source = sourceOf(name)
  return (asked) => asked.member(source)
}
