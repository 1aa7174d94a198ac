import { mailAddress, REPORT_FORMATS, type ReportFormat } from '../../schema/api/index.ts'
import { UsageError } from './output.ts'

/** Options that one report and a schedule share. */

export const names = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const

const OUTCOMES = ['success', 'failure', 'unknown'] as const

export const filterOptions = {
  users: names('Only what these users did: names, ids or mail addresses, separated by commas'),
  people: names('Only what these people did, with all their accounts: names, ids or mail addresses'),
  entities: names('Only events about records of these kinds'),
  systems: names('Only events of these sources'),
  outcomes: names(`Only these outcomes: ${OUTCOMES.join(', ')}`),
  q: names('A further condition, in the language of Kibana (KQL)'),
  zone: names('The time zone of the report, such as Europe/Berlin'),
  paper: { choices: ['a4', 'letter'] as const, requiresArg: true, describe: 'The paper of a PDF' },
} as const

export interface FilterGiven {
  readonly users?: string | undefined
  readonly people?: string | undefined
  readonly entities?: string | undefined
  readonly systems?: string | undefined
  readonly outcomes?: string | undefined
  readonly q?: string | undefined
  readonly zone?: string | undefined
  readonly paper?: 'a4' | 'letter' | undefined
}

export const formatOption = {
  alias: 'f',
  type: 'string',
  requiresArg: true,
  describe: `One or several of ${REPORT_FORMATS.join(', ')}, separated by commas`,
} as const

/** The filters of the command line, as the API takes them. */
export function filtersOf({ users, people, entities, systems, outcomes, ...given }: FilterGiven): object {
  for (const one of partsOf(outcomes ?? ''))
    if (!OUTCOMES.some((known) => known === one))
      throw new UsageError(`--outcomes: there is no outcome ${one}; ${OUTCOMES.join(', ')} can be`)
  const lists = Object.entries({ users, people, entities, systems, outcomes }).flatMap(([name, text]) => {
    if (text === undefined) return []
    const parts = partsOf(text)
    // An empty variable of a shell must not make a report about everybody.
    if (parts.length === 0)
      throw new UsageError(`--${name} is empty: name at least one, or leave the option out for all`)
    return [[name, parts]]
  })
  const others = Object.entries({ q: given.q, zone: given.zone, paper: given.paper }).filter(
    ([, value]) => value !== undefined,
  )
  return Object.fromEntries([...lists, ...others])
}

export const partsOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

export function mailOf(option: string, text: string): string {
  if (!mailAddress.safeParse(text).success)
    throw new UsageError(`${option}: "${text}" is not a mail address, such as jane@acme.example`)
  return text
}

export function formatsOf(text: string): ReportFormat[] {
  return [...new Set(partsOf(text))].map((one) => {
    const known = REPORT_FORMATS.find((format) => format === one)
    if (known === undefined)
      throw new UsageError(`--format: there is no format ${one}; ${REPORT_FORMATS.join(', ')} can be`)
    return known
  })
}

/** What a report is verified by. */
export const reportProofOptions = {
  policy: {
    type: 'string',
    requiresArg: true,
    describe: 'The file with the keys that you trust (`waybill verify policy` writes one)',
  },
  'report-proof': {
    type: 'string',
    requiresArg: true,
    describe: 'The proof of the report, if it is neither in it nor beside it',
  },
} as const
