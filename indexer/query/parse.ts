import {
  type Complaint,
  conditionOf,
  isAnything,
  isComplaint,
  rangeOf,
  wordsCondition,
} from './conditions.ts'
import { Connectives, type Making } from './connectives.ts'
import { hasShape } from './evaluate.ts'
import { fieldsOfShape, isSearchable, type NamedField, namedField, nearestName } from './field-names.ts'
import { foreignSign, leadingComparison } from './foreign-signs.ts'
import { isMeant, type MeantField, meaningOf, verbProblem } from './meanings.ts'
import { type Literal, QueryReader, type Word } from './reader.ts'
import type { ChangeMember, ChangeQuery, Query } from './tree.ts'

export const QUERY_LIMITS = {
  /** UTF-16 units. */
  length: 10_000,
  /** Parentheses, braces and `not`s within each other. */
  depth: 64,
  /** Conditions, each field that a wildcard in a field's name represents counted. */
  conditions: 1024,
} as const

/** Parses a query in Kibana's language; throws a QueryError that points at the place of a mistake. */
export function parseQuery(text: string, { now }: { now: number }): Query {
  const reader = new QueryReader(text)
  if (text.length > QUERY_LIMITS.length) {
    reader.fail({
      at: QUERY_LIMITS.length,
      sentence: `The query has ${text.length} characters, and ${QUERY_LIMITS.length} are allowed; put alternatives in (a or b), or use several queries`,
      expected: 'the end of the query',
    })
  }
  const broken = text.isWellFormed() ? -1 : [...text].findIndex((letter) => !letter.isWellFormed())
  if (broken !== -1) {
    const at = [...text].slice(0, broken).join('').length
    reader.fail({
      at,
      sentence: 'This is half a character',
      found: 'half a surrogate pair',
      expected: 'Unicode text',
    })
  }
  return new Parser(reader, now).query()
}

/** The fields that `field` in `field: value` represents. */
type Target =
  | { readonly kind: 'one'; readonly field: NamedField }
  | { readonly kind: 'several'; readonly fields: readonly NamedField[] }
  | { readonly kind: 'any' }
  /** A field that no event has. */
  | { readonly kind: 'meant'; readonly field: MeantField }

const QUERY_MAKING = {
  and: (of: Query[]): Query => ({ kind: 'and', of }),
  or: (of: Query[]): Query => ({ kind: 'or', of }),
  not: (of: Query): Query => (of.kind === 'all' ? { kind: 'none' } : { kind: 'not', of }),
} as const

const CHANGE_MAKING = {
  and: (of: ChangeQuery[]): ChangeQuery => ({ kind: 'and', of }),
  or: (of: ChangeQuery[]): ChangeQuery => ({ kind: 'or', of }),
  not: (of: ChangeQuery): ChangeQuery => ({ kind: 'not', of }),
} as const

/** Words in which a colon belongs to the value, because the field holds addresses or times. */
const COLONS: Readonly<Record<string, RegExp>> = {
  ip: /^[0-9a-fA-F:.]*$/,
  date: /^\d[\d:.,+\-TtZz]*$/,
}

const MEMBERS: readonly ChangeMember[] = ['field', 'old', 'new']
const isMember = (name: string): name is ChangeMember => (MEMBERS as readonly string[]).includes(name)
const OTHER_NAMES: Readonly<Record<string, ChangeMember>> = {
  before: 'old',
  previous: 'old',
  from: 'old',
  after: 'new',
  to: 'new',
  name: 'field',
}

class Parser {
  readonly #reader: QueryReader
  readonly #connectives: Connectives
  readonly #now: number
  #conditions = 0

  constructor(reader: QueryReader, now: number) {
    this.#reader = reader
    this.#connectives = new Connectives(reader, QUERY_LIMITS.depth)
    this.#now = now
  }

  query(): Query {
    const reader = this.#reader
    reader.skipSpace()
    if (reader.atEnd) return { kind: 'all' }
    const query = this.#connectives.or({ ...QUERY_MAKING, one: () => this.#expression() })
    if (!reader.atEnd) this.#connectives.unexpected()
    return query
  }

  #expression(): Query {
    const reader = this.#reader
    const literal = reader.literal()
    if (literal === undefined)
      this.#connectives.missing(':<>'.includes(reader.peek() || ' ') ? 'a field’s name' : 'a condition')
    const after = reader.at
    reader.skipSpace()
    if (reader.take(':')) return this.#fieldCondition(literal)
    const operatorAt = reader.at
    const operator = reader.rangeOperator()
    if (operator === undefined) {
      reader.at = after
      this.#ownSigns(literal)
      return this.#counted(literal, this.#accepted(literal, wordsCondition(literal)))
    }
    const target = this.#target(literal)
    if (target.kind === 'meant') {
      return reader.fail({
        at: operatorAt,
        end: operatorAt + operator.length,
        sentence: `${target.field} has no order, so ${operator} can't be used with it`,
        expected: ':',
      })
    }
    if (target.kind === 'any') {
      return reader.fail({
        at: operatorAt,
        end: operatorAt + operator.length,
        sentence: `Name a field before ${operator}; not all have an order`,
        expected: 'a field’s name',
      })
    }
    reader.skipSpace()
    const value = reader.literal(colonsOf(target))
    if (value === undefined) this.#connectives.missing('a value')
    this.#notAField(value, literal)
    return this.#forFields(target, value, (field) => rangeOf(field, operator, value, this.#now))
  }

  #fieldCondition(name: Literal): Query {
    const reader = this.#reader
    reader.skipSpace()
    const at = reader.at
    if (reader.take('{')) {
      const target = this.#target(name)
      if (target.kind !== 'one' || target.field.type !== 'changes') {
        reader.fail({
          at,
          sentence:
            'Braces ask about one change of audit.changes, as in audit.changes: { field: credit_limit }; use parentheses here',
          expected: 'a value or (',
          suggestion: 'audit.changes',
        })
      }
      const making: Making<ChangeQuery> = { ...CHANGE_MAKING, one: () => this.#changeCondition() }
      const of = this.#connectives.deeper(at, () =>
        this.#connectives.closed('}', at, this.#connectives.or(making)),
      )
      return { kind: 'change', of }
    }
    if (reader.peek() === '<' || reader.peek() === '>') {
      reader.fail({
        at,
        sentence: `A ${reader.peek()} replaces the colon, and does not follow it: write ${reader.found(name.at, name.end)} ${reader.peek()} 5`,
        expected: 'a value',
      })
    }
    const target = this.#target(name)
    const one = (): Query => {
      const value = reader.literal(colonsOf(target))
      if (value === undefined) this.#connectives.missing('a value')
      this.#notAField(value, name)
      this.#valueOnly(value, name)
      if (target.kind === 'any') return this.#counted(value, this.#accepted(value, wordsCondition(value)))
      if (target.kind === 'meant') return this.#meaning(target.field, value)
      return this.#forFields(target, value, (field) => conditionOf(field, value, this.#now))
    }
    // A value without parentheses is a single one: `not` and `and` belong to conditions.
    if (reader.peek() !== '(') return one()
    return this.#connectives.one({ ...QUERY_MAKING, one })
  }

  /** `user: jane action: update`: the value's last word is the next condition's field. */
  #notAField(value: Literal, name: Literal): void {
    const reader = this.#reader
    const after = reader.at
    reader.skipSpace()
    const sign = reader.peek()
    const last = value.words.at(-1)
    if (sign !== ':' && sign !== '<' && sign !== '>') {
      reader.at = after
      return
    }
    if (last !== undefined && !value.quoted && value.words.length > 1) this.#sideBySide(last)
    reader.fail({
      at: reader.at,
      sentence: `There is a second ${sign} in the condition on ${reader.found(name.at, name.end)}; in a value, put it in quotes or a backslash before it`,
      expected: '`and`, `or` or the end of the query',
    })
  }

  /** Refuses `user = bob`, which would otherwise be read as two words. */
  #ownSigns(literal: Literal): void {
    const found = literal.quoted ? undefined : foreignSign(literal.words)
    if (found === undefined) return
    const { word, ...said } = found
    this.#reader.fail({ at: word.at, end: word.end, ...said })
  }

  /** `user: = bob`. */
  #valueOnly(value: Literal, name: Literal): void {
    const word = value.quoted ? undefined : leadingComparison(value.words)
    if (word === undefined) return
    const reader = this.#reader
    reader.fail({
      at: word.at,
      end: word.end,
      sentence: `The colon is enough: write ${reader.found(name.at, name.end)}: ${reader.found(word.end, value.end).trim()} without ${reader.found(word.at, word.end)}`,
      expected: 'a value',
    })
  }

  #sideBySide(word: Word): never {
    return this.#reader.fail({
      at: word.at,
      end: word.end,
      sentence: `A new condition begins with ${this.#reader.found(word.at, word.end)}; write \`and\` or \`or\` before it`,
      expected: '`and` or `or`',
    })
  }

  #target(literal: Literal): Target {
    const reader = this.#reader
    if (isAnything(literal)) return { kind: 'any' }
    const { at, end } = literal
    if (literal.parts.length > 1) {
      const fields = fieldsOfShape(literal.parts, (name) => hasShape(name, literal.parts))
      if (fields.length > 0) return { kind: 'several', fields }
      return reader.fail({
        at,
        end,
        sentence: `No field that can be searched has a name like ${reader.found(at, end)}`,
        expected: 'a field’s name',
      })
    }
    const name = literal.parts[0] ?? ''
    const field = namedField(name)
    if (field !== undefined) return { kind: 'one', field }
    if (isMeant(name)) return { kind: 'meant', field: name }
    const last = literal.words.at(-1)
    if (literal.words.length > 1 && last !== undefined && namedField(last.parts.join('*')) !== undefined)
      this.#sideBySide(last)
    const [, negated] = /^[!-]\s*(.+)$/.exec(name) ?? []
    if (negated !== undefined && namedField(negated) !== undefined)
      reader.fail({
        at,
        end,
        sentence: `Negation is a word: write not ${negated}: …`,
        expected: '`not`',
        suggestion: `not ${negated}`,
      })
    const suggestion = name.startsWith('audit.changes.') ? 'audit.changes' : nearestName(name)
    const remedy =
      suggestion === 'audit.changes'
        ? '; search changes by audit.changes: { field: credit_limit and new: 15* }'
        : suggestion === undefined
          ? '; members without a field of their own are under audit.payload'
          : `; did you mean ${suggestion}?`
    return reader.fail({
      at,
      end,
      sentence: `There is no field ${reader.found(at, end)}${remedy}`,
      expected: 'a field’s name',
      suggestion,
    })
  }

  #meaning(field: MeantField, value: Literal): Query {
    const problem = field === 'verb' ? verbProblem(value.parts) : null
    const result =
      problem === null ? meaningOf(field, value.parts) : { complaint: problem, expected: 'a verb' }
    return this.#counted(value, this.#accepted(value, result))
  }

  /** Makes one condition, or one for each field that can have such a value. */
  #forFields(
    target: Extract<Target, { kind: 'one' | 'several' }>,
    value: Literal,
    condition: (field: NamedField) => Query | Complaint,
  ): Query {
    if (target.kind === 'one') return this.#counted(value, this.#accepted(value, condition(target.field)))
    const of: Query[] = []
    let refused: Complaint | undefined
    for (const field of target.fields) {
      if (!isSearchable(field)) continue
      const result = condition(field)
      if (isComplaint(result)) refused ??= result
      else of.push(this.#counted(value, result))
    }
    if (of.length === 0 && refused !== undefined) this.#accepted(value, refused)
    return of.length === 1 ? of[0]! : { kind: 'or', of }
  }

  #accepted(literal: Literal, result: Query | Complaint): Query {
    const { at, end } = literal
    if (literal.parts.some((part) => !part.isWellFormed()))
      this.#reader.fail({
        at,
        end,
        sentence: 'An escape here gives half a character',
        expected: 'Unicode text',
      })
    if (!isComplaint(result)) return result
    return this.#reader.fail({
      at,
      end,
      sentence: result.complaint,
      expected: result.expected,
      suggestion: result.suggestion,
    })
  }

  #counted<Tree extends { readonly kind: string; readonly of?: unknown }>(
    literal: Literal,
    tree: Tree,
  ): Tree {
    this.#conditions += Array.isArray(tree.of) ? tree.of.length : 1
    if (this.#conditions > QUERY_LIMITS.conditions) {
      this.#reader.fail({
        at: literal.at,
        end: literal.end,
        sentence: `The query has more than ${QUERY_LIMITS.conditions} conditions here; name fields in full, or use several queries`,
        expected: 'fewer conditions',
      })
    }
    return tree
  }

  #changeCondition(): ChangeQuery {
    const reader = this.#reader
    const name = reader.literal()
    if (name === undefined) this.#connectives.missing('field, old or new')
    const member = name.parts.join('*')
    if (!isMember(member)) {
      const suggestion =
        OTHER_NAMES[member.toLowerCase()] ?? MEMBERS.find((known) => known === member.toLowerCase())
      return reader.fail({
        at: name.at,
        end: name.end,
        sentence: `A change has field, old and new, but no ${reader.found(name.at, name.end)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`,
        expected: 'field, old or new',
        suggestion,
      })
    }
    reader.skipSpace()
    if (!reader.take(':')) {
      reader.fail({
        at: reader.at,
        sentence: `A colon is missing after ${member}; the values of a change are texts and have no order`,
        expected: ':',
      })
    }
    reader.skipSpace()
    const one = (): ChangeQuery => {
      const value = reader.literal()
      if (value === undefined) this.#connectives.missing('a value')
      this.#notAField(value, name)
      this.#accepted(value, { kind: 'all' })
      if (isAnything(value)) return this.#counted(value, { kind: 'exists', member })
      return this.#counted(
        value,
        value.parts.length > 1
          ? { kind: 'wildcard', member, parts: value.parts }
          : { kind: 'equals', member, value: value.parts[0] ?? '' },
      )
    }
    if (reader.peek() !== '(') return one()
    return this.#connectives.one({ ...CHANGE_MAKING, one })
  }
}

function colonsOf(target: Target): RegExp | undefined {
  return target.kind === 'one' ? COLONS[target.field.type] : undefined
}
