import { useId, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Field } from './field.tsx'
import { hasValue, OPERATORS, queryOfRows, type Row, type Rows } from './query-rows.ts'

interface QueryFieldsProps {
  readonly query: string
  readonly rows: Rows | null | undefined
  /** The id of the list of all fields. */
  readonly names: string
  readonly onQuery: (query: string) => void
}

const ACTION = 'event.action'
const OPERATOR_NAMES = Object.keys(OPERATORS) as Row['operator'][]

/** The query of a rule: its event type, and its conditions as rows; or its text, where rows can't show it. */
export function QueryFields({ query, rows: read, names, onQuery }: QueryFieldsProps) {
  const [local, setLocal] = useState<Rows | null>(null)
  // While somebody edits rows, some of them are not in the query yet.
  const rows = local !== null && queryOfRows(local) === query ? local : read
  const put = (next: Rows): void => {
    setLocal(next)
    onQuery(queryOfRows(next))
  }
  return (
    <>
      {rows === null ? (
        <p className="quiet">This query is nested: change it as text.</p>
      ) : (
        rows !== undefined && <RowFields rows={rows} names={names} onRows={put} />
      )}
      <Field label="Query" hint="the same in the query language">
        <textarea rows={2} className="code" value={query} onChange={({ target }) => onQuery(target.value)} />
      </Field>
    </>
  )
}

function RowFields({
  rows: { join, rows },
  names,
  onRows,
}: {
  rows: Rows
  names: string
  onRows: (rows: Rows) => void
}) {
  const actions = useId()
  const { data } = useAsk('getFieldsNameValues', {
    params: { name: ACTION },
    query: { from: 'now-90d', top: '100' },
  })
  const type =
    join === 'and' ? rows.findIndex(({ field, operator }) => field === ACTION && operator === 'is') : -1
  const replaced = (at: number, row: Row | null): Row[] =>
    rows.flatMap((one, index) => (index !== at ? [one] : row === null ? [] : [row]))
  const setType = (value: string): void => {
    const row: Row = { field: ACTION, operator: 'is', value }
    const kept =
      type === -1 ? (value === '' ? rows : [row, ...rows]) : replaced(type, value === '' ? null : row)
    onRows({ join, rows: kept })
  }
  return (
    <>
      <datalist id={actions}>
        {(data?.values ?? []).map(({ value }) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      {join === 'and' && (
        <Field label="Event type">
          <input
            value={rows[type]?.value ?? ''}
            list={actions}
            placeholder="any"
            onChange={({ target }) => setType(target.value)}
          />
        </Field>
      )}
      {rows.map((row, index) =>
        index === type ? null : (
          <RowField
            // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other identity.
            key={index}
            row={row}
            number={index + 1}
            names={names}
            onRow={(next) => onRows({ join, rows: replaced(index, next) })}
          />
        ),
      )}
      <div className="actions">
        <button
          type="button"
          onClick={() => onRows({ join, rows: [...rows, { field: '', operator: 'is', value: '' }] })}
        >
          + Add condition
        </button>
        {rows.length > 1 && (
          <select
            aria-label="Which conditions must hold"
            value={join}
            onChange={({ target }) => onRows({ join: target.value === 'or' ? 'or' : 'and', rows: [...rows] })}
          >
            <option value="and">All must hold (AND)</option>
            <option value="or">One is enough (OR)</option>
          </select>
        )}
      </div>
    </>
  )
}

function RowField({
  row,
  number,
  names,
  onRow,
}: {
  row: Row
  number: number
  names: string
  onRow: (row: Row | null) => void
}) {
  const values = useId()
  const isField = /^[\w@][\w@.-]+$/.test(row.field)
  const { data } = useAsk(
    'getFieldsNameValues',
    { params: { name: row.field }, query: { from: 'now-30d', top: '50' } },
    { enabled: isField && row.operator.startsWith('is') },
  )
  return (
    <div className="rule-row">
      <input
        aria-label={`Field of condition ${number}`}
        placeholder="field"
        list={names}
        value={row.field}
        onChange={({ target }) => onRow({ ...row, field: target.value })}
      />
      <select
        aria-label={`Comparison of condition ${number}`}
        value={row.operator}
        onChange={({ target }) =>
          onRow({ ...row, operator: OPERATOR_NAMES.find((one) => one === target.value) ?? 'is' })
        }
      >
        {OPERATOR_NAMES.map((one) => (
          <option key={one} value={one}>
            {OPERATORS[one]}
          </option>
        ))}
      </select>
      <datalist id={values}>
        {(data?.values ?? []).map(({ value }) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <input
        aria-label={`Value of condition ${number}`}
        placeholder={hasValue(row.operator) ? 'value' : ''}
        disabled={!hasValue(row.operator)}
        list={values}
        value={row.value}
        onChange={({ target }) => onRow({ ...row, value: target.value })}
      />
      <button
        type="button"
        className="plain"
        aria-label={`Remove condition ${number}`}
        onClick={() => onRow(null)}
      >
        ✕
      </button>
    </div>
  )
}
