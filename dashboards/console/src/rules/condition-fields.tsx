import { Field, textOf } from './field.tsx'

/** The conditions that the form knows, with the values that they begin with. */
const KINDS = {
  event: { label: 'Single event', first: 'event' },
  count: { label: 'Number of events within a time', first: { count: { 'at-least': 5, within: '10m' } } },
  distinct: {
    label: 'Different values within a time',
    first: { distinct: { field: 'source.ip', 'at-least': 5, within: '10m' } },
  },
  sum: {
    label: 'Sum of a number within a time',
    first: { sum: { field: 'audit.record_count', 'at-least': 10_000, within: '1h' } },
  },
  sequence: {
    label: 'Followed by other events within a time',
    first: { sequence: { 'followed-by': 'event.outcome: success', within: '10m' } },
  },
  absence: { label: 'No event for a time', first: { absence: { for: '26h' } } },
  'new-value': {
    label: 'A value not seen before',
    first: { 'new-value': { field: 'source.ip', within: '30d' } },
  },
  'rare-value': {
    label: 'A value seen seldom',
    first: { 'rare-value': { field: 'source.ip', 'at-most': 2, within: '30d' } },
  },
  ratio: {
    label: 'More than in the same hour of past weeks',
    first: { ratio: { 'at-least': 3, minimum: 10, weeks: 4 } },
  },
  schedule: { label: 'At these hours', first: { schedule: { from: '22:00', to: '06:00' } } },
} as const
type Kind = keyof typeof KINDS
const KIND_NAMES = Object.keys(KINDS) as Kind[]

const LABELS: Readonly<Record<string, string>> = {
  'at-least': 'At least',
  'at-most': 'At most',
  minimum: 'And at least',
  weeks: 'Weeks',
  within: 'Within',
  field: 'Of the field',
  from: 'From',
  to: 'To',
  days: 'Days',
  'followed-by': 'Followed by (query)',
  for: 'For',
}

const NUMBERS: ReadonlySet<string> = new Set(['at-least', 'at-most', 'minimum', 'weeks'])

const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The kind of a condition with its members; null if the form has no fields for it. */
function shownOf(value: unknown): { kind: Kind; members: Record<string, unknown> } | null {
  if (value === 'event') return { kind: 'event', members: {} }
  if (!isMembers(value)) return null
  const [[name, members] = ['', null], ...others] = Object.entries(value)
  const kind = KIND_NAMES.find((one) => one === name)
  return kind === undefined || others.length > 0 || !isMembers(members) ? null : { kind, members }
}

/** When matching events become an alert. */
export function ConditionFields({
  value,
  names,
  onValue,
}: {
  value: unknown
  names: string
  onValue: (value: unknown) => void
}) {
  const shown = shownOf(value)
  const put = (key: string, text: string): void => {
    if (shown === null) return
    const member = NUMBERS.has(key) && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
    onValue({ [shown.kind]: { ...shown.members, [key]: member } })
  }
  return (
    <>
      <Field label="Time window" {...(shown === null && { hint: 'change this condition in the YAML' })}>
        <select
          value={shown?.kind ?? 'other'}
          onChange={({ target }) => {
            const kind = KIND_NAMES.find((one) => one === target.value)
            if (kind !== undefined) onValue(KINDS[kind].first)
          }}
        >
          {shown === null && <option value="other">{textOf(value).slice(0, 60) || 'Choose …'}</option>}
          {KIND_NAMES.map((kind) => (
            <option key={kind} value={kind}>
              {KINDS[kind].label}
            </option>
          ))}
        </select>
      </Field>
      {shown !== null && Object.keys(shown.members).length > 0 && (
        <div className="rule-members">
          {Object.entries(shown.members).map(([key, member]) => (
            <Field key={key} label={LABELS[key] ?? key}>
              <input
                value={textOf(member)}
                readOnly={typeof member === 'object'}
                list={key === 'field' ? names : undefined}
                onChange={({ target }) => put(key, target.value)}
              />
            </Field>
          ))}
        </div>
      )}
    </>
  )
}
