import { type AuditEvent, fieldOf, LIMITS, valueAt, wordsOf } from '../../../schema/index.ts'
import type { ChangeQuery, Query } from '../../query/index.ts'
import { ALL, type Asked, allOf, anyOf, candidates, type Dsl, exactly, NONE, none, notOf } from './asked.ts'
import { keywordCondition, leafCondition, scalarCondition } from './conditions.ts'
import { CHANGES, CUT, MARKS_FIELD, UNFIT } from './mapping.ts'

const WORDS = 'audit.words'

/** The cluster's query for a query. */
export interface Translation {
  /** Finds every event that the query means, and maybe others. */
  readonly query: Dsl
  /** Whether it finds no others, apart from events that are marked as unfit: those are always found. */
  readonly exact: boolean
}

const marked = (mark: string): Dsl => ({ term: { [MARKS_FIELD]: mark } })

/** Events that are unfit are found by any query: the mapping knows too little of them. */
export function translated(query: Query): Translation {
  const { may, exact } = asked(query)
  if (may === ALL) return { query: ALL, exact }
  return { query: anyOf([exactly(may), exactly(marked(UNFIT))]).may, exact }
}

/**
 * Finds just what the query means, for who can't look at what was found; null if the cluster can only narrow it down. Events that are
 * marked as unfit are left out.
 */
export function justWhat(query: Query): Dsl | null {
  const { may, exact } = asked(query)
  return exact ? { bool: { filter: [may], must_not: [marked(UNFIT)] } } : null
}

/** The same in two parts: events that the cluster knows to match, and those that must be looked at. No event is in both. */
export function divided(query: Query): { readonly sure: Dsl; readonly doubtful: Dsl } {
  const { may, must, exact } = asked(query)
  const unfit = exactly(marked(UNFIT))
  const sure = allOf([exactly(must), notOf(unfit)])
  if (exact) return { sure: sure.must, doubtful: unfit.may }
  return { sure: sure.must, doubtful: allOf([anyOf([exactly(may), unfit]), notOf(sure)]).may }
}

/** Whether a document was found only because it is marked. */
export function isUnfit(source: unknown): boolean {
  const marks = valueAt(source as AuditEvent, MARKS_FIELD)
  return Array.isArray(marks) && marks.includes(UNFIT)
}

export function asked(query: Query): Asked {
  switch (query.kind) {
    case 'all':
      return exactly(ALL)
    case 'none':
      return none
    case 'and':
      return allOf(query.of.map(asked))
    case 'or':
      return anyOf(query.of.map(asked))
    case 'not':
      return notOf(asked(query.of))
    case 'words':
      return inARow(query.words, query.prefix)
    case 'change':
      return allOf([candidates(marked(CHANGES)), withWords(changeWords(query.of))])
    default:
      return fieldCondition(query)
  }
}

type FieldQuery = Extract<Query, { readonly field: string }>

function fieldCondition(query: FieldQuery): Asked {
  const field = fieldOf(query.field)
  if (field === undefined || field.unindexed === true) return none
  switch (field.type) {
    case 'keyword':
      return keywordCondition(query.field, query)
    case 'flattened':
      return field.inside === undefined
        ? keywordCondition(field.name, query)
        : leafCondition(field.name, field.inside, query)
    case 'text':
      return query.field === WORDS ? wordsCondition(query) : textCondition(query)
    case 'changes':
      return query.kind === 'exists' ? exactly(marked(CHANGES)) : none
    case 'geo':
      return none
    default:
      return scalarCondition(field.type, query)
  }
}

/** A text field is found through the words of its event; the field's own words come first among them. */
function textCondition(query: FieldQuery): Asked {
  return query.kind === 'exists'
    ? exactly({ exists: { field: query.field } })
    : withWords(wordsCondition(query))
}

/** Makes a condition on words one on what the words were made of: a longer event has some that are not among them. */
const withWords = (condition: Asked): Asked =>
  condition.may === ALL || condition.may === NONE
    ? candidates(condition.may)
    : candidates(anyOf([exactly(condition.may), exactly(marked(CUT))]).may)

function wordsCondition(query: FieldQuery): Asked {
  switch (query.kind) {
    case 'exists':
      return exactly(ALL)
    case 'equals':
      return inARow(wordsOf(query.value), false)
    case 'wildcard': {
      const [start = '', end] = query.parts
      if (query.parts.length === 2 && end === '') return inARow(wordsOf(start), true)
      const parts = query.parts.map((part) => part.normalize('NFKC').toLowerCase())
      // No word is longer, so a longer pattern matches none.
      if (parts.join('').length > LIMITS.wordLength) return none
      return exactly({ wildcard: { [WORDS]: { value: parts.map(escaped).join('*') } } })
    }
    default:
      return none
  }
}

const escaped = (part: string): string => part.replaceAll(/[*?\\]/g, '\\$&')

/** The condition for these words in a row; with `prefix` the last may continue. */
function inARow(words: readonly string[], prefix: boolean): Asked {
  const last = words.at(-1)
  if (last === undefined) return none
  if (!prefix) return exactly(phrase(words))
  const lastOnes: Dsl = { prefix: { [WORDS]: { value: last } } }
  if (words.length === 1) return exactly(lastOnes)
  // Elasticsearch's own phrase with a prefix looks at the first 50 words that begin so, and at no others.
  return candidates(allOf([exactly(phrase(words.slice(0, -1))), exactly(lastOnes)]).may)
}

const phrase = (words: readonly string[]): Dsl =>
  words.length === 1
    ? { term: { [WORDS]: { value: words[0]! } } }
    : { match_phrase: { [WORDS]: { query: words.join(' ') } } }

/** The condition on an event's words that one of its changes must meet. */
function changeWords(query: ChangeQuery): Asked {
  switch (query.kind) {
    case 'and':
      return allOf(query.of.map(changeWords))
    case 'or':
      return anyOf(query.of.map(changeWords))
    case 'equals': {
      const words = wordsOf(query.value)
      return words.length === 0 ? candidates(ALL) : candidates(phrase(words))
    }
    case 'not':
    case 'exists':
    case 'wildcard':
      return candidates(ALL)
  }
}
