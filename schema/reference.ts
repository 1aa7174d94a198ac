import { FIELDS, type Field, SHORT_NAMES } from './fields.ts'
import { LIMITS } from './limits.ts'

/** `docs/fields.md`: the field reference, made from the schema. `npm run docs` writes it; a test keeps it in step. */
export function fieldReference(): string {
  const shortNames = new Map(Object.entries(SHORT_NAMES).map(([short, name]) => [name as string, short]))
  const rows = Object.entries<Field>(FIELDS).map(([name, field]) => {
    const marks = [
      field.many ? 'list' : '',
      field.words ? 'words' : '',
      field.unindexed ? 'not searchable' : '',
      field.derived === true ? 'added by the indexer' : '',
      field.derived === 'if-absent' ? 'added by the indexer where the agent gives none' : '',
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
    'The common schema: Elastic Common Schema 9, and `audit.*` for what ECS has no field for. The short name is what a query may',
    'say instead. A field marked `words` is looked into by a search without a field.',
    '',
    '| field | short | type | | what it holds |',
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
