import { useAsk } from '../api/use-ask.ts'
import { Popover } from '../frame/popover.tsx'
import { columnName } from './columns.ts'
import { Facet } from './facet.tsx'
import type { Question } from './question.ts'

interface ColumnHeadProps {
  readonly field: string
  readonly question: Question
  readonly onToggle: (value: string | null, not: boolean) => void
  readonly onSort: (sort: Question['sort']) => void
}

/** What a column's head can do: the time is sorted by, the others are filtered by. */
export function ColumnHead({ field, question, onToggle, onSort }: ColumnHeadProps) {
  const countable =
    useAsk('getFields', {}).data?.fields.find(({ name }) => name === field)?.countable ?? false
  if (field === '@timestamp') {
    const newest = question.sort === 'newest'
    return (
      <button
        type="button"
        className="head-tool"
        aria-label={newest ? 'Newest first; show the oldest first' : 'Oldest first; show the newest first'}
        onClick={() => onSort(newest ? 'oldest' : 'newest')}
      >
        {newest ? '↓' : '↑'}
      </button>
    )
  }
  if (!countable) return null
  const isOn = question.filters.some((filter) => filter.field === field)
  return (
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
  )
}
