import { useAsk } from '../api/use-ask.ts'
import { Popover } from '../frame/popover.tsx'
import { useZone } from '../frame/preferences.ts'
import { columnName } from './columns.ts'
import { Facet } from './facet.tsx'
import { nextSort, type Question, sortedBy } from './question.ts'

interface ColumnHeadProps {
  readonly field: string
  readonly question: Question
  readonly onToggle: (value: string | null, not: boolean) => void
  readonly onSort: (sort: string) => void
}

/** The head of a column: it sorts, and filters if the column's values can be counted. */
export function ColumnHead({ field, question, onToggle, onSort }: ColumnHeadProps) {
  const countable =
    useAsk('getFields', {}).data?.fields.find(({ name }) => name === field)?.countable ?? false
  const sorted = sortedBy(question, field)
  const zone = useZone()
  if (!countable && field !== '@timestamp') return <span>{columnName(field)}</span>
  const sorting = (
    <button
      type="button"
      className="head-sort"
      aria-label={sortLabel(field, sorted)}
      onClick={() => onSort(nextSort(question, field))}
    >
      {columnName(field)} {sorted !== null && <span>{sorted === 'ascending' ? '↑' : '↓'}</span>}
    </button>
  )
  if (field === '@timestamp')
    return (
      <>
        {sorting}
        <span className="zone" title={zone}>
          <span className="unseen">{zone.slice(0, zone.length - placeOf(zone).length)}</span>
          {placeOf(zone)}
        </span>
      </>
    )
  const isOn = question.filters.some((filter) => filter.field === field)
  return (
    <>
      {sorting}
      <Popover
        name={`Filter by ${columnName(field)}`}
        className={isOn ? 'head-tool on' : 'head-tool'}
        label={
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="M1 2h10L7 6.500V11L5 9.500v-3z" />
          </svg>
        }
      >
        {() => (
          <Facet
            field={field === 'audit.entity.name' ? 'audit.entity.type' : field}
            question={question}
            onToggle={onToggle}
            most={20}
            searchable
          />
        )}
      </Popover>
    </>
  )
}

/** The part of a zone that is shown where there is little room. */
export const placeOf = (zone: string): string => zone.split('/').at(-1) ?? zone

function sortLabel(field: string, sorted: 'ascending' | 'descending' | null): string {
  if (field !== '@timestamp') return `Sort by ${columnName(field)}`
  if (sorted === null) return 'Sort by Time'
  return sorted === 'descending'
    ? 'Sorted by Time, newest first; show the oldest first'
    : 'Sorted by Time, oldest first; show the newest first'
}
