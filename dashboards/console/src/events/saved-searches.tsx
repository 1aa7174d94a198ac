import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading, Refused } from '../frame/states.tsx'
import { useAct } from '../settings/use-act.ts'

/** Searches that this reader keeps at the indexer; `search` is the one on the screen. */
export function SavedSearches({ search, onChosen }: { search: string; onChosen: () => void }) {
  const { data, error, isPending } = useAsk('getSavedSearches', {})
  const act = useAct('getSavedSearches')
  const [name, setName] = useState('')
  if (isPending) return <Loading rows={2} />
  if (data === undefined) return <Failed problem={error} />
  return (
    <div className="saved">
      <ul>
        {data.searches.map((one) => (
          <li key={one.name}>
            <Link to={`/events${one.search}`} onClick={onChosen}>
              <bdi>{one.name}</bdi>
            </Link>
            <button
              type="button"
              className="plain"
              aria-label={`Forget ${one.name}`}
              disabled={act.busy}
              onClick={() => void act.run('deleteSavedSearchesName', { params: { name: one.name } })}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      {data.searches.length === 0 && <p className="quiet small">You have saved no search yet.</p>}
      <form
        onSubmit={async (submit) => {
          submit.preventDefault()
          const done = await act.run('putSavedSearchesName', { params: { name }, body: { search } })
          if (done !== null) setName('')
        }}
      >
        <label>
          Save this search as
          <input value={name} onChange={({ target }) => setName(target.value)} maxLength={80} required />
        </label>
        <button type="submit" disabled={act.busy}>
          Save
        </button>
      </form>
      <Refused why={act.problem} />
    </div>
  )
}
