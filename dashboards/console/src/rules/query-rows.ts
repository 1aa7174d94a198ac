import type { Operations } from '../api/client.ts'
import { quoted } from '../events/question.ts'

/** The query of a rule as the rows of a form. */
export type Rows = NonNullable<Operations['postRulesCheck']['answer']['query']>
export type Row = Rows['rows'][number]

export const OPERATORS: Readonly<Record<Row['operator'], string>> = {
  is: 'is',
  'is-not': 'is not',
  contains: 'contains',
  begins: 'begins with',
  gt: 'greater than',
  gte: 'at least',
  lt: 'less than',
  lte: 'at most',
  exists: 'has any value',
  missing: 'has no value',
}
const SIGNS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

export const hasValue = (operator: Row['operator']): boolean =>
  operator !== 'exists' && operator !== 'missing'

const isComplete = ({ field, operator, value }: Row): boolean =>
  field.trim() !== '' && (!hasValue(operator) || value.trim() !== '')

/** The query of the complete rows. */
export const queryOfRows = ({ join, rows }: Rows): string =>
  rows.filter(isComplete).map(queryOfRow).join(` ${join} `)

function queryOfRow({ field, operator, value }: Row): string {
  const name = field.trim()
  switch (operator) {
    case 'is':
      return `${name}: ${valueText(value)}`
    case 'is-not':
      return `not ${name}: ${valueText(value)}`
    case 'contains':
      return `${name}: *${patternText(value)}*`
    case 'begins':
      return `${name}: ${patternText(value)}*`
    case 'exists':
      return `${name}: *`
    case 'missing':
      return `not ${name}: *`
    default:
      return `${name} ${SIGNS[operator]} ${valueText(value)}`
  }
}

/** A plain word needs no quotation marks. */
const valueText = (value: string): string =>
  /^[\p{L}\p{N}_.@/+-]+$/u.test(value) && !/^(?:and|or|not)$/i.test(value) ? value : quoted(value)

/** Wildcards don't work in quotation marks: each special sign is escaped. */
const patternText = (value: string): string =>
  value.replace(/[\\():<>"*{}\s]/g, (sign) =>
    /\s/.test(sign) ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}` : `\\${sign}`,
  )
