import { columnName } from './columns.ts'
import { type Filter, toggled } from './question.ts'

/** The filters that are on, each with a way to take it off. */
export function Chips({
  filters,
  onChange,
}: {
  filters: readonly Filter[]
  onChange: (filters: Filter[]) => void
}) {
  if (filters.length === 0) return null
  return (
    <ul className="chips" aria-label="Active filters">
      {filters.flatMap(({ field, values, not }) =>
        values.map((value) => {
          const name = `${columnName(field)} ${not ? 'is not' : 'is'} ${value ?? '(none)'}`
          return (
            <li key={`${field} ${not} ${value}`} className={not ? 'chip not' : 'chip'}>
              <span>
                {columnName(field)} {not ? '≠' : '='} <bdi>{value ?? '(none)'}</bdi>
              </span>
              <button
                type="button"
                aria-label={`Remove the filter: ${name}`}
                onClick={() => onChange(toggled(filters, field, value, not))}
              >
                ✕
              </button>
            </li>
          )
        }),
      )}
      <li>
        <button type="button" className="plain" onClick={() => onChange([])}>
          Clear all
        </button>
      </li>
    </ul>
  )
}
