import { ERRORS, type ErrorKind } from './error-codes.ts'
import { FIELDS, type Field, SHORT_NAMES } from './fields.ts'
import { LIMITS } from './limits.ts'

/** `docs/fields.md`: the field reference, generated from the schema. `npm run docs` writes it; a test checks that it is current. */
export function fieldReference(): string {
  const shortNames = new Map(Object.entries(SHORT_NAMES).map(([short, name]) => [name as string, short]))
  const rows = Object.entries<Field>(FIELDS).map(([name, field]) => {
    const marks = [
      field.many ? 'list' : '',
      field.words ? 'words' : '',
      field.unindexed ? 'not searchable' : '',
      field.derived === true ? 'added by the indexer' : '',
      field.derived === 'if-absent' ? 'added by the indexer if the agent gives none' : '',
    ]
    const short = shortNames.get(name)
    return `| \`${name}\` | ${short === undefined ? '' : `\`${short}\``} | ${field.type} | ${marks.filter(Boolean).join(', ')} | ${field.about} |`
  })
  const limits = Object.entries(LIMITS).map(([name, value]) => `| ${name} | ${value.toLocaleString('en')} |`)
  return [
    '# Fields',
    '',
    '<!-- Made by `npm run docs` from schema/. -->',
    '',
    'The common schema: Elastic Common Schema 9, and `audit.*` for data that ECS has no field for. A query may use the short',
    'name instead. A search without a field looks into fields marked `words`.',
    '',
    '| field | short | type | | content |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## Limits',
    '',
    'The agent enforces them when it writes an event; both stores rely on them.',
    '',
    '| limit | value |',
    '| --- | ---: |',
    ...limits,
    '',
  ].join('\n')
}

/** `docs/errors.md`: the catalogue of error codes. `npm run docs` writes it; a test checks that it is current. */
export function errorReference(): string {
  const entries = Object.entries<ErrorKind>(ERRORS).sort(([a], [b]) => (a < b ? -1 : 1))
  const sections = entries.flatMap(([code, { title, meaning, remedy, status, kind }]) => [
    `## ${code}`,
    '',
    `**${title}.**${status === undefined ? '' : ` HTTP ${status}, \`${kind}\`.`} ${meaning}`,
    '',
    `*What to do:* ${remedy}`,
    '',
  ])
  return [
    '# Error codes',
    '',
    '<!-- Made by `npm run docs` from schema/error-codes.ts. -->',
    '',
    'Each error has a code. It names the kind of the problem, and stays the same when the sentence changes. Commands show the',
    'code at the end of the message, logs have it as `code`, and answers of the API as `error`.',
    '',
    ...sections,
  ].join('\n')
}
