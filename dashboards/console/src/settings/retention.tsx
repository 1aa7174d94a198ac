import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { List } from '../frame/list.tsx'
import { Failed, Loading, Refused } from '../frame/states.tsx'
import { useMay } from '../session/session.tsx'
import { bytes, counted, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Confirm } from './confirm.tsx'
import { useAct } from './use-act.ts'

type Retention = Answer<'getRetention'>
type Table = Retention['table']
type Category = keyof Table
type Preview = Answer<'postRetentionPreview'>

const TIMES = ['searchable', 'archive', 'warm', 'cold'] as const
const LABELS = {
  searchable: 'Searchable for',
  archive: 'Archived for',
  warm: 'Warm after',
  cold: 'Cold after',
}

/** Where the retention table comes from; who may change settings edits it here. */
export function RetentionSource() {
  const { data, error, isPending } = useAsk('getRetention', {})
  const may = useMay('settings')
  const mayArchive = useMay('archive')
  const [isEditing, setEditing] = useState(false)
  if (isPending) return <Loading rows={1} />
  if (data === undefined) return <Failed problem={error} />
  const { origin, changed, warnings } = data
  return (
    <>
      <p className="quiet small">
        {origin === 'file' ? (
          'This is the table of retention.yml at the indexer, or the default one if there is no such file. '
        ) : (
          <>
            This table was changed here by <bdi>{changed?.by}</bdi>{' '}
            {changed !== null && <When at={changed.at} relative />}; the one of retention.yml is not used.{' '}
          </>
        )}
        The expected size of a category is its size when as much expires as arrives. It is unlimited while
        nothing expires, since events must be in the archive before they expire.
      </p>
      {warnings.map((sentence) => (
        <p key={sentence} className="warning-line">
          {sentence}
        </p>
      ))}
      <p className="actions">
        {may && !isEditing && (
          <button type="button" onClick={() => setEditing(true)}>
            Edit the table
          </button>
        )}
        {mayArchive && <Link to="/settings/archives">Archive settings</Link>}
      </p>
      {may && isEditing && <Editor of={data} onEnd={() => setEditing(false)} />}
    </>
  )
}

/** The table as text fields. What it would remove is shown before it can be saved. */
function Editor({ of: { table, version, origin }, onEnd }: { of: Retention; onEnd: () => void }) {
  const [edited, setEdited] = useState<Table>(table)
  const [preview, setPreview] = useState<Preview | null>(null)
  const act = useAct()
  const put = (category: Category, time: (typeof TIMES)[number], text: string): void => {
    setEdited({ ...edited, [category]: { ...edited[category], [time]: text } })
    setPreview(null)
  }
  const save = async (next: Table | null): Promise<void> => {
    if ((await act.run('putRetention', { body: { table: next, version } })) !== null) onEnd()
  }
  const show = async (): Promise<void> => {
    const shown = await act.run('postRetentionPreview', { body: { table: edited } })
    setPreview(shown?.answer ?? null)
  }
  return (
    <form
      className="retention-form"
      onSubmit={(submitted) => {
        submitted.preventDefault()
        void show()
      }}
    >
      <table>
        <caption className="unseen">How long events are kept, by category</caption>
        <thead>
          <tr>
            <th scope="col">Category</th>
            {TIMES.map((time) => (
              <th key={time} scope="col">
                {LABELS[time]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(Object.keys(edited) as Category[]).map((category) => (
            <tr key={category}>
              <th scope="row">
                <span className={`category ${category}`}>{category}</span>
              </th>
              {TIMES.map((time) => (
                <td key={time}>
                  <input
                    size={6}
                    aria-label={`${category}: ${LABELS[time]}`}
                    value={edited[category][time]}
                    className={edited[category][time] === table[category][time] ? '' : 'changed'}
                    onChange={({ target }) => put(category, time, target.value)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small">
        Times are written 12h, 30d or 2y; <code>none</code> stands for never. The time counts from when an
        event was received. Warm and cold are tiers of a cluster.
      </p>
      <Refused why={act.problem} />
      {preview !== null && <Effects of={preview} />}
      <div className="buttons">
        <button type="button" onClick={onEnd}>
          Cancel
        </button>
        {origin === 'console' && (
          <Confirm
            label="Use the file again"
            title="Use the table of retention.yml again?"
            onConfirmed={() => void save(null)}
          >
            The table that was edited here stays in the history. Events that only this table keeps may be
            removed within 15 minutes.
          </Confirm>
        )}
        <button type="submit" disabled={act.busy}>
          Show what would change
        </button>
        {preview !== null && preview.changes.length > 0 && (
          <button
            type="button"
            className={preview.removed.length > 0 ? 'danger' : 'primary'}
            disabled={act.busy}
            onClick={() => void save(edited)}
          >
            {preview.removed.length > 0
              ? `Save, and remove ${counted(preview.removed.length, 'partition')}`
              : 'Save'}
          </button>
        )}
      </div>
    </form>
  )
}

function Effects({ of: { changes, removed, waiting } }: { of: Preview }) {
  if (changes.length === 0) return <p role="status">Nothing would change.</p>
  const events = removed.reduce((sum, one) => sum + one.events, 0)
  return (
    <div role="status">
      <List
        label="Changes"
        rows={changes}
        keyOf={({ category }) => category}
        columns={[
          {
            name: 'Category',
            of: ({ category }) => <span className={`category ${category}`}>{category}</span>,
          },
          { name: 'Now', of: ({ before }) => before },
          { name: 'Then', of: ({ after }) => after },
        ]}
      />
      {removed.length === 0 ? (
        <p>No event would be removed now.</p>
      ) : (
        <>
          <p className="warning-line">
            {counted(events, 'event')} in {counted(removed.length, 'partition')} would be removed within 15
            minutes. That can’t be taken back.
          </p>
          <List
            label="Partitions that would be removed"
            rows={removed}
            keyOf={({ name }) => name}
            columns={[
              { name: 'Partition', of: ({ name }) => <code>{name}</code> },
              { name: 'Received from', kind: 'time', of: ({ first }) => <When at={first} /> },
              { name: 'Until', kind: 'time', of: ({ last }) => <When at={last} /> },
              { name: 'Events', kind: 'number', of: (one) => figure(one.events) },
              { name: 'Storage', kind: 'number', of: (one) => bytes(one.bytes) },
            ]}
          />
        </>
      )}
      {waiting.length > 0 && (
        <p>
          {counted(waiting.length, 'partition')} would wait for the archive:{' '}
          {waiting.map(({ name }) => name).join(', ')}.
        </p>
      )}
    </div>
  )
}
