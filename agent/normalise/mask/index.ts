import { folded, type Integration, type MaskNames } from '../integration/integration.ts'
import type { Format } from '../read/formats/index.ts'
import { maskCells } from './cells.ts'
import { Desk } from './desk.ts'
import { maskJson } from './json.ts'
import { Marks } from './marks.ts'
import { SecretNames } from './names.ts'
import { Suspicion } from './suspicion.ts'
import { maskText, type Search } from './text.ts'

export { isFieldName, sideOf } from './value-names.ts'

export interface Masked {
  readonly text: string
  /** The number of different masked secrets by kind; null if there were none. */
  readonly kinds: ReadonlyMap<string, number> | null
}

const NO_COLUMNS: readonly string[] = []
/** The program at the end of a syslog header. */
const PROGRAM = / ([\w.-]+): $/

/**
 * Removes secrets from the text of a record before anything else sees it, so that no field, payload, error or kept original can contain
 * them. It works on the text, not on the parsed content: an unparsable text is masked all the same.
 */
export class Masker {
  readonly #search: Search
  /** Whether a record may contain a secret, for callers that have its bytes. */
  readonly suspicion: Suspicion
  readonly #desk: Desk
  #columns: readonly string[] = NO_COLUMNS
  #areSecret = false

  /** `changes` names the members of the integration's records that hold a field and its values. */
  constructor(mask: MaskNames, changes: Integration['changes'] | null = null) {
    const names = new SecretNames(mask, changes)
    const patterns = Object.entries(mask.patterns)
    this.#search = {
      names,
      mayHold: (text) => this.#desk.mayHold(text),
      patterns: patterns.map(([kind, source]) => [kind, new RegExp(source, 'gsu')] as const),
    }
    // Names compare without regard to separators, and a pattern has no fixed beginning: it takes a few letters, or everything.
    const beginnings = mask.names.map((name) => /^(?:[A-Z]+(?![a-z])|[A-Za-z][a-z]*)/.exec(name)?.[0] ?? '')
    this.suspicion = new Suspicion(patterns.length > 0 ? [''] : beginnings, {
      names,
      keepsFolders: mask.keep.some((name) => folded(name) === 'pwd'),
    })
    this.#desk = new Desk(this.suspicion)
  }

  /** Masks a text. `body` is the part of it that is in the format; other text may precede and follow it. */
  mask(text: string, format: Format, body: string = text): Masked {
    const isClean =
      !this.#desk.mayHold(text) &&
      !this.hasSecretColumn(format.columns) &&
      (format.hidden === undefined || !this.#desk.mayHold(format.hidden(body)))
    if (isClean) return { text, kinds: null }
    const marks = new Marks()
    const at = text.lastIndexOf(body)
    const masked =
      body === text || at === -1
        ? this.#masked(text, format, marks)
        : this.#aroundBody(
            text.slice(0, at),
            this.#masked(body, format, marks) + text.slice(at + body.length),
            marks,
          )
    return { text: masked, kinds: marks.isEmpty ? null : marks.kinds }
  }

  /** The text before a body may name the body: `web-1 password: x`. The name of a program that is known to be no secret's name does not. */
  #aroundBody(before: string, body: string, marks: Marks): string {
    const program = PROGRAM.exec(before)?.[1]
    return program !== undefined && this.#search.names.isKept(program)
      ? maskText(before, this.#search, marks) + body
      : maskText(before + body, this.#search, marks)
  }

  /** The columns are the same for all rows of a file. */
  hasSecretColumn(columns: readonly string[] = NO_COLUMNS): boolean {
    if (columns !== this.#columns) {
      this.#columns = columns
      this.#areSecret = columns.some((name) => this.#search.names.kindOf(name) !== null)
    }
    return this.#areSecret
  }

  #masked(text: string, format: Format, marks: Marks): string {
    const cells = format.cells(text)
    if (cells !== null)
      return maskText(maskCells(text, cells, format.columns ?? [], this.#search, marks), this.#search, marks)
    const start = /^[\ufeff\s]*(?=[[{])/.exec(text)?.[0].length
    if (start === undefined) return maskText(text, this.#search, marks)
    return text.slice(0, start) + maskJson(text.slice(start), this.#search, marks)
  }
}
