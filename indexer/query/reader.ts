import { QueryError } from './query-error.ts'

/**
 * Reads the characters of a query as Kibana's grammar has them: quoted and unquoted literals, escapes, keywords. What they
 * mean is the parser's.
 */
export interface Word {
  readonly at: number
  readonly end: number
  /** The texts between the wildcards, escapes resolved: one part means that there is no wildcard. */
  readonly parts: readonly string[]
}

export interface Literal {
  readonly at: number
  readonly end: number
  readonly quoted: boolean
  /** The whole literal, including white space. */
  readonly parts: readonly string[]
  /** The words that white space separates; a quoted literal is one word. */
  readonly words: readonly Word[]
}

export type Keyword = 'and' | 'or' | 'not'
export type RangeOperator = '<' | '<=' | '>' | '>='

const SPACE = /\s/
const SPECIAL = new Set(['\\', '(', ')', ':', '<', '>', '"', '*', '{', '}'])
const WHITE: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' }

export class QueryReader {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  peek(): string {
    return this.text[this.at] ?? ''
  }

  skipSpace(): void {
    while (!this.atEnd && SPACE.test(this.peek())) this.at++
  }

  /** Takes this sign if it is next. */
  take(sign: string): boolean {
    if (this.peek() !== sign) return false
    this.at++
    return true
  }

  rangeOperator(): RangeOperator | undefined {
    const sign = this.peek()
    if (sign !== '<' && sign !== '>') return undefined
    this.at++
    return this.take('=') ? `${sign}=` : sign
  }

  /** The keyword that is here as a word of its own. */
  peekKeyword(): Keyword | undefined {
    const match = /^(?:and|or|not)(?=[\s()"{}]|$)/i.exec(this.text.slice(this.at, this.at + 4))
    return match === null ? undefined : (match[0].toLowerCase() as Keyword)
  }

  takeKeyword(keyword: Keyword): boolean {
    if (this.peekKeyword() !== keyword) return false
    this.at += keyword.length
    return true
  }

  /** Reads a literal, if one starts here. `colons` matches the words in which a colon is no separator: addresses, times of day. */
  literal(colons?: RegExp): Literal | undefined {
    return this.peek() === '"' ? this.#quoted() : this.#unquoted(colons)
  }

  fail(place: {
    at: number
    end?: number
    sentence: string
    found?: string
    expected: string
    suggestion?: string | undefined
  }): never {
    const end = place.end ?? place.at + 1
    throw new QueryError({
      query: this.text,
      at: place.at,
      length: end - place.at,
      sentence: place.sentence,
      found: place.found ?? this.found(place.at, end),
      expected: place.expected,
      suggestion: place.suggestion,
    })
  }

  /** Describes the text at a place, for a sentence. */
  found(at: number, end: number): string {
    if (at >= this.text.length) return 'the end of the query'
    const text = this.text.slice(at, end).trimEnd().toWellFormed()
    return text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text
  }

  #quoted(): Literal {
    const at = this.at
    this.at++
    let text = ''
    for (;;) {
      if (this.atEnd) {
        this.fail({
          at,
          end: this.text.length,
          sentence:
            'The quotation mark that opens here is never closed; a quotation mark within a text is written \\"',
          expected: 'a closing "',
        })
      }
      const sign = this.peek()
      this.at++
      if (sign === '"') break
      if (sign !== '\\') {
        text += sign
        continue
      }
      const next = this.peek()
      const white = WHITE[next]
      if (next === '"' || next === '\\' || white !== undefined) {
        text += white ?? next
        this.at++
      } else {
        // A backslash before anything else is itself, so that "C:\Windows" can be typed.
        text += this.#unicode() ?? sign
      }
    }
    return { at, end: this.at, quoted: true, parts: [text], words: [{ at, end: this.at, parts: [text] }] }
  }

  #unquoted(colons: RegExp | undefined): Literal | undefined {
    const at = this.at
    const words: Word[] = []
    const parts: string[] = ['']
    const append = (text: string): void => {
      parts[parts.length - 1] += text
    }
    for (;;) {
      const gap = this.at
      this.skipSpace()
      const joined = this.at === gap && words.length > 0
      if (this.atEnd || joined || this.peekKeyword() !== undefined) {
        this.at = gap
        break
      }
      const start = this.at
      const word = this.#word(colons)
      if (word === undefined) {
        this.at = gap
        break
      }
      if (words.length > 0) append(this.text.slice(gap, start))
      append(word.parts[0] ?? '')
      for (const part of word.parts.slice(1)) parts.push(part)
      words.push(word)
    }
    const first = words[0]
    if (first === undefined) {
      this.at = at
      return undefined
    }
    return { at: first.at, end: this.at, quoted: false, parts: withoutDoubleStars(parts), words }
  }

  #word(colons: RegExp | undefined): Word | undefined {
    const at = this.at
    const parts: string[] = ['']
    while (!this.atEnd) {
      const sign = this.peek()
      if (SPACE.test(sign)) break
      if (sign === '*') {
        parts.push('')
        this.at++
      } else if (sign === '\\') {
        parts[parts.length - 1] += this.#escape(this.at === at)
      } else if (sign === ':' && colons?.test(this.text.slice(at, this.at))) {
        parts[parts.length - 1] += sign
        this.at++
      } else if (SPECIAL.has(sign)) {
        break
      } else {
        parts[parts.length - 1] += sign
        this.at++
      }
    }
    return this.at === at ? undefined : { at, end: this.at, parts: withoutDoubleStars(parts) }
  }

  /** Reads the escape that begins here. */
  #escape(startsWord: boolean): string {
    const at = this.at
    this.at++
    const next = this.peek()
    // An escaped keyword is a word: its letters follow.
    if (startsWord && this.peekKeyword() !== undefined) return ''
    const white = WHITE[next]
    if (white !== undefined) {
      this.at++
      return white
    }
    if (SPECIAL.has(next) || next === ' ') {
      this.at++
      return next
    }
    const letter = this.#unicode()
    if (letter !== undefined) return letter
    return this.fail({
      at,
      end: this.at + 1,
      sentence: 'This backslash escapes nothing; to find a backslash, write two, or put the text in quotes',
      expected: '\\\\',
    })
  }

  /** `uXXXX` behind a backslash. */
  #unicode(): string | undefined {
    const match = /^u([0-9a-fA-F]{4})/.exec(this.text.slice(this.at, this.at + 5))
    if (match === null) return undefined
    this.at += 5
    return String.fromCharCode(Number.parseInt(match[1] ?? '', 16))
  }
}

/** Several wildcards in a row find what one finds. */
function withoutDoubleStars(parts: readonly string[]): string[] {
  return parts.filter((part, i) => part !== '' || i === 0 || i === parts.length - 1)
}
