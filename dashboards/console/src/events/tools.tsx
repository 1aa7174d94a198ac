import { lazy, Suspense, useState } from 'react'
import { PinToCase } from '../cases/pin.tsx'
import { actOf } from '../frame/keys.ts'
import { Link } from '../frame/link.tsx'
import { part } from '../frame/outage.tsx'
import { Popover } from '../frame/popover.tsx'
import { Refused } from '../frame/states.tsx'
import { seesAll, useMay, useWho } from '../session/session.tsx'
import { ColumnMenu } from './column-menu.tsx'
import { exportEvents, type Format } from './export.ts'
import { type Question, queryOf } from './question.ts'
import { SavedSearches } from './saved-searches.tsx'

const ExportDialog = lazy(part(() => import('../reports/export-dialog.tsx')))

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
  const [isExporting, setExporting] = useState(false)
  const { who } = useWho()
  const mayCreate = who.permissions.includes('rules') && seesAll(who)
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
        title="Also show Waybill's own events of searches and views"
        className={question.own ? 'following' : ''}
        onClick={onOwn}
      >
        Own searches
      </button>
      <Popover name="Columns" label="Columns" align="end">
        {() => <ColumnMenu columns={columns} onColumns={onColumns} />}
      </Popover>
      <Popover name="Saved searches" label="Saved" align="end">
        {(close) => <SavedSearches search={search} onChosen={close} />}
      </Popover>
      {mayCreate && (
        <Link
          className="button"
          to={`/new-rule?${new URLSearchParams({ q: queryOf(question) })}`}
          title="An alert for the events of this search"
        >
          Create alert
        </Link>
      )}
      <PinToCase pin={{ kind: 'search', name: queryOf(question).slice(0, 200) || 'All events', search }} />
      {mayExport && (
        <Popover name="Export results" label="Export" align="end">
          {(close) => (
            <ExportMenu
              question={question}
              columns={columns}
              onDone={close}
              onJob={() => {
                close()
                setExporting(true)
              }}
            />
          )}
        </Popover>
      )}
      {isExporting && (
        <Suspense>
          <ExportDialog question={question} columns={columns} onClose={() => setExporting(false)} />
        </Suspense>
      )}
      <button type="button" className="wide-only" aria-label="Keys" onClick={() => actOf('help')}>
        ?
      </button>
    </div>
  )
}

function ExportMenu({
  question,
  columns,
  onDone,
  onJob,
}: {
  question: Question
  columns: readonly string[]
  onDone: () => void
  onJob: () => void
}) {
  // Jobs are shown among the reports.
  const mayReport = useMay('report')
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
      <p className="quiet small">All events found. The export itself is recorded as an audit event.</p>
      <button type="button" className="plain" onClick={() => void run('csv')}>
        CSV, the columns shown
      </button>
      <button type="button" className="plain" onClick={() => void run('ndjson')}>
        NDJSON, whole events
      </button>
      {mayReport && (
        <button
          type="button"
          className="plain"
          title="For large results: in the background, in more formats, with a mail when it is ready"
          onClick={onJob}
        >
          Export as a job …
        </button>
      )}
      <Refused why={problem} />
    </div>
  )
}
