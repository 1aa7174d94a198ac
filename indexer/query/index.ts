export * from './address.ts'
export { withoutAddresses } from './address.ts'
export { type Alternative, alternativesTo } from './alternatives.ts'
export { dateOf, type FieldQuery, hasShape, matches, numberOf, scalarCondition } from './evaluate.ts'
export { fullName, type NamedField, namedField, nearestName } from './field-names.ts'
export {
  ABOUT_MEANT,
  accountQuery,
  asksForPersons,
  FIELDS_MEANT,
  isMeant,
  MEANT,
  type MeantField,
  meaningOf,
  objectOf,
  VERB_QUERIES,
  withoutJoins,
  withPersons,
} from './meanings.ts'
export { asksForOwn, BY_INDEXER, OWN_QUESTIONS, withoutOwnReads } from './own-reads.ts'
export { parseQuery, QUERY_LIMITS } from './parse.ts'
export { printQuery } from './print.ts'
export { columnsOf, columnsOfLetter, QueryError, withCaret } from './query-error.ts'
export { matcherOf, QueryIndex } from './query-index.ts'
export { parseTime, timeText } from './time.ts'
export * from './tree.ts'
