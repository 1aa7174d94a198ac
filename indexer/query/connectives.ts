import type { QueryReader } from './reader.ts'

/** How to combine conditions of one kind: those about an event, or those about one change. */
export interface Making<Tree> {
  /** Reads one condition at the reader's place. */
  readonly one: () => Tree
  readonly and: (of: Tree[]) => Tree
  readonly or: (of: Tree[]) => Tree
  readonly not: (of: Tree) => Tree
}

/** `not` before `and` before `or`, and parentheses: the part of the grammar that knows nothing of fields. */
export class Connectives {
  readonly #reader: QueryReader
  readonly #deepest: number
  #depth = 0

  constructor(reader: QueryReader, deepest: number) {
    this.#reader = reader
    this.#deepest = deepest
  }

  or<Tree>(making: Making<Tree>): Tree {
    const of = [this.#and(making)]
    while (this.#keywordNext('or')) of.push(this.#and(making))
    return of.length === 1 ? of[0]! : making.or(of)
  }

  #and<Tree>(making: Making<Tree>): Tree {
    const of = [this.one(making)]
    while (this.#keywordNext('and')) of.push(this.one(making))
    return of.length === 1 ? of[0]! : making.and(of)
  }

  /** One condition, perhaps with a `not` before it; or what is in parentheses. */
  one<Tree>(making: Making<Tree>): Tree {
    const reader = this.#reader
    reader.skipSpace()
    const at = reader.at
    if (reader.takeKeyword('not')) return this.deeper(at, () => making.not(this.one(making)))
    if (reader.take('(')) return this.deeper(at, () => this.closed(')', at, this.or(making)))
    return making.one()
  }

  /** Text of any length must not exhaust the stack, here or where the tree is walked. */
  deeper<Tree>(at: number, inner: () => Tree): Tree {
    if (++this.#depth > this.#deepest) {
      this.#reader.fail({
        at,
        sentence: `The query is nested more than ${this.#deepest} levels deep here`,
        expected: 'fewer parentheses',
      })
    }
    const tree = inner()
    this.#depth--
    return tree
  }

  closed<Tree>(sign: ')' | '}', openedAt: number, tree: Tree): Tree {
    const reader = this.#reader
    reader.skipSpace()
    if (reader.take(sign)) return tree
    if (!reader.atEnd) this.unexpected()
    return reader.fail({
      at: openedAt,
      sentence: `The ${sign === ')' ? 'parenthesis' : 'brace'} that opens here is never closed`,
      found: 'the end of the query',
      expected: sign,
    })
  }

  /** Something is where only `and`, `or` or an end can be. */
  unexpected(): never {
    const reader = this.#reader
    const at = reader.at
    const sign = reader.peek()
    const expected = '`and`, `or` or the end of the query'
    if (sign === ')' || sign === '}') reader.fail({ at, sentence: `This ${sign} closes nothing`, expected })
    if (sign === ':' || sign === '{' || sign === '<' || sign === '>') {
      reader.fail({
        at,
        sentence: `A ${sign} is not allowed here; in a value, put it in quotes or a backslash before it`,
        expected,
      })
    }
    const keyword = reader.peekKeyword()
    const found = keyword === undefined ? reader.literal() : undefined
    return reader.fail({
      at,
      end: found?.end ?? at + (keyword?.length ?? 1),
      sentence: 'Two conditions follow each other; write `and` or `or` between them',
      expected,
    })
  }

  /** Something else is where a condition or a value should. */
  missing(what: string): never {
    const reader = this.#reader
    const at = reader.at
    const keyword = reader.peekKeyword()
    const remedy = keyword === undefined ? '' : `; to search for the word, write "${keyword}" in quotes`
    return reader.fail({
      at,
      end: at + (keyword?.length ?? 1),
      sentence:
        keyword === 'not' && what === 'a value'
          ? 'A `not` belongs before a condition or in parentheses: not user: jane, or user: (not jane)'
          : `Here ${what} is missing${remedy}`,
      expected: what,
    })
  }

  #keywordNext(keyword: 'and' | 'or'): boolean {
    this.#reader.skipSpace()
    return this.#reader.takeKeyword(keyword)
  }
}
