import { CATEGORIES as ALL_CATEGORIES, type Category } from '../../../schema/index.ts'
import { type Column, groups } from './columns.ts'

/** The values of a field in a fixed order, each in its own colour on all dashboards, whatever their counts. */
export interface Scale {
  readonly column: Column
  readonly colours: readonly string[]
}

export const GREEN = '#54B399'
export const YELLOW = '#D6BF57'
export const RED = '#E7664C'
export const DARK_RED = '#AA3321'
export const GREY = '#98A2B3'
/** The colour of counts that are not split. */
export const BLUE = '#6092C0'

/** Red, yellow and green say how bad something is. These say nothing, so that no category looks like a failure. */
const VIOLET = '#9170B8'
const PINK = '#D36086'
const ROSE = '#CA8EAE'
const TEAL = '#3B8F9C'
const SAND = '#B9A888'

/** The colours of the values that a column of a table shows, too. */
export const COLOURS = {
  'event.outcome': { success: GREEN, failure: RED, unknown: GREY },
  'audit.status': { ok: GREEN, warning: YELLOW, error: RED },
  'audit.risk': { low: GREEN, medium: YELLOW, high: RED, critical: DARK_RED },
  'alert.priority': { low: GREEN, medium: YELLOW, high: RED, critical: DARK_RED },
  state: {
    Well: GREEN,
    'Check its inputs': YELLOW,
    Behind: YELLOW,
    Silent: RED,
    'Waybills missing': DARK_RED,
    Revoked: GREY,
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

const DARK: readonly string[] = [RED, DARK_RED]
/** The colour of a text on one of these. */
export const textOn = (background: string): string => (DARK.includes(background) ? '#FFFFFF' : '#1A1C21')

const CATEGORY: Readonly<Record<Category, string>> = {
  security: VIOLET,
  activity: BLUE,
  change: TEAL,
  system: SAND,
  api: ROSE,
  view: GREY,
}

/** One condition a value, in KQL. */
function scale(label: string, field: string, colours: Readonly<Record<string, string>>): Scale {
  return named(
    label,
    Object.entries(colours).map(([value, colour]) => [value, `${field}: ${value}`, colour]),
  )
}

function named(
  label: string,
  values: readonly (readonly [name: string, condition: string, colour: string])[],
): Scale {
  return {
    column: groups(label, Object.fromEntries(values.map(([name, condition]) => [name, condition]))),
    colours: values.map(([, , colour]) => colour),
  }
}

export const OUTCOMES = scale('Outcome', 'event.outcome', COLOURS['event.outcome'])
export const STATUSES = scale('Status', 'audit.status', COLOURS['audit.status'])
export const RISKS = scale('Risk', 'audit.risk', COLOURS['audit.risk'])
export const PRIORITIES = scale('Priority', 'alert.priority', COLOURS['alert.priority'])
export const CATEGORIES = named(
  'Category',
  ALL_CATEGORIES.map((category) => [category, `audit.category: ${category}`, CATEGORY[category]]),
)
const CHANGES = [
  ['Created', 'event.type: creation', TEAL],
  ['Changed', 'event.type: change', BLUE],
  ['Deleted', 'event.type: deletion', PINK],
] as const
export const KINDS_OF_CHANGE = named('Kind', CHANGES)
export const KINDS_OF_ACTIVITY = named('Kind', [
  ...CHANGES,
  ['Read', 'event.type: access', GREY],
  ['Signed in or out', 'event.category: authentication or event.category: session', VIOLET],
])
export const KINDS_OF_LETTER = named('Kind', [
  ['Invalid', 'kind: invalid', YELLOW],
  ['Refused', 'kind: refused', SAND],
  ['Collision', 'kind: collision', RED],
  ['Foreign', 'kind: foreign', DARK_RED],
])
