import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Popover } from '../frame/popover.tsx'
import { Refused } from '../frame/states.tsx'
import { useMay } from '../session/session.tsx'
import { columnName, FIRST_COLUMNS } from './columns.ts'
import { exportEvents, type Format } from './export.ts'
import { Keys } from './keys.tsx'
import type { Question } from './question.ts'
import { SavedSearches } from './saved-searches.tsx'

interface ToolsProps {
  readonly question: Question
  readonly columns: readonly string[]
  readonly following: boolean
  readonly search: string
  readonly onFollow: () => void
  readonly onColumns: (columns: readonly string[] | null) => void
  readonly onRefresh: () => void
  readonly onOwn: () => void
}

export function Tools(props: ToolsProps) {
  const { question, columns, following, search, onFollow, onColumns, onRefresh, onOwn } = props
  const mayExport = useMay('export')
  return (
    <div className="tools">
      <button
        type="button"
        aria-pressed={following}
        onClick={onFollow}
        className={following ? 'following' : ''}
      >
        {following ? 'Following' : 'Follow'}
      </button>
      <button type="button" onClick={onRefresh}>
        Refresh
      </button>
      <button
        type="button"
        aria-pressed={question.own}
        title="Show Waybill's own events of searches and views, too"
        className={question.own ? 'following' : ''}
        onClick={onOwn}
      >
        Own searches
      </button>
      <Popover name="Columns" label="Columns" align="end">
        {() => <ColumnChooser columns={columns} onColumns={onColumns} />}
      </Popover>
      <Popover name="Saved searches" label="Saved" align="end">
        {(close) => <SavedSearches search={search} onChosen={close} />}
      </Popover>
      {mayExport && (
        <Popover name="Export results" label="Export" align="end">
          {(close) => <ExportMenu question={question} columns={columns} onDone={close} />}
        </Popover>
      )}
      <Keys />
    </div>
  )
}

function ColumnChooser({ columns, onColumns }: Pick<ToolsProps, 'columns' | 'onColumns'>) {
  const [looked, setLooked] = useState('')
  const { data } = useAsk('getFields', {})
  const known = [...new Set([...columns, ...FIRST_COLUMNS, ...(data?.fields ?? []).map(({ name }) => name)])]
  const shown = known.filter((field) =>
    `${field} ${columnName(field)}`.toLowerCase().includes(looked.toLowerCase()),
  )
  const choose = (field: string): void => {
    const next = columns.includes(field) ? columns.filter((one) => one !== field) : [...columns, field]
    if (next.length > 0) onColumns(next)
  }
  return (
    <div className="chooser">
      <input
        type="search"
        className="small"
        aria-label="Find a column"
        placeholder="Find a column"
        value={looked}
        onChange={({ target }) => setLooked(target.value)}
      />
      <ul>
        {shown.slice(0, 80).map((field) => (
          <li key={field}>
            <label>
              <input type="checkbox" checked={columns.includes(field)} onChange={() => choose(field)} />
              <span>{columnName(field)}</span>
            </label>
          </li>
        ))}
      </ul>
      <button type="button" className="plain" onClick={() => onColumns(null)}>
        As at first
      </button>
    </div>
  )
}

function ExportMenu({
  question,
  columns,
  onDone,
}: {
  question: Question
  columns: readonly string[]
  onDone: () => void
}) {
  const [problem, setProblem] = useState<string | null>(null)
  const run = async (format: Format): Promise<void> => {
    try {
      await exportEvents(question, format, columns)
      onDone()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div className="menu">
      <p className="quiet small">All that was found. The export is itself an audit event.</p>
      <button type="button" className="plain" onClick={() => void run('csv')}>
        CSV, the columns shown
      </button>
      <button type="button" className="plain" onClick={() => void run('ndjson')}>
        NDJSON, whole events
      </button>
      <Refused why={problem} />
    </div>
  )
}
