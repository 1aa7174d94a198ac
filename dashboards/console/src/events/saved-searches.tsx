import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Failed, Loading, Refused } from '../frame/states.tsx'
import { useWho } from '../session/session.tsx'
import { useAct } from '../settings/use-act.ts'

type Saved = Answer<'getSavedSearches'>['searches'][number]

/** Searches that this reader keeps at the indexer, and those that others share; `search` is the one on the screen. */
export function SavedSearches({ search, onChosen }: { search: string; onChosen: () => void }) {
  const { who } = useWho()
  const { data, error, isPending } = useAsk('getSavedSearches', {})
  const act = useAct('getSavedSearches')
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  if (isPending) return <Loading rows={2} />
  if (data === undefined) return <Failed problem={error} />
  const change = { busy: act.busy, onChosen }
  const mine = data.searches.filter(({ owner }) => owner === who.name)
  const others = data.searches.filter(({ owner }) => owner !== who.name)
  const params = (one: Saved) => ({
    params: { name: one.name },
    query: one.owner === who.name ? {} : { owner: one.owner },
  })
  const lines = (list: readonly Saved[]) =>
    list.map((one) => (
      <Line
        key={`${one.owner} ${one.name}`}
        {...change}
        saved={one}
        isMine={one.owner === who.name}
        onShare={() =>
          void act.run('putSavedSearchesName', {
            ...params(one),
            body: { search: one.search, shared: !one.shared },
          })
        }
        onDelete={() => void act.run('deleteSavedSearchesName', params(one))}
      />
    ))
  return (
    <div className="saved">
      <ul aria-label="Your saved searches">{lines(mine)}</ul>
      {mine.length === 0 && <p className="quiet small">You have no saved searches yet.</p>}
      {others.length > 0 && (
        <>
          <h3>Shared by others</h3>
          <ul aria-label="Shared by others">{lines(others)}</ul>
        </>
      )}
      <form
        onSubmit={async (submit) => {
          submit.preventDefault()
          const done = await act.run('putSavedSearchesName', { params: { name }, body: { search, shared } })
          if (done !== null) setName('')
        }}
      >
        <label>
          Save this search as
          <input value={name} onChange={({ target }) => setName(target.value)} maxLength={80} required />
        </label>
        <label className="checks">
          <input type="checkbox" checked={shared} onChange={({ target }) => setShared(target.checked)} />
          Share it with all users
        </label>
        <button type="submit" disabled={act.busy}>
          Save
        </button>
      </form>
      <Refused why={act.problem} />
    </div>
  )
}

interface LineProps {
  readonly saved: Saved
  readonly isMine: boolean
  readonly busy: boolean
  readonly onChosen: () => void
  readonly onShare: () => void
  readonly onDelete: () => void
}

function Line({ saved, isMine, busy, onChosen, onShare, onDelete }: LineProps) {
  const { name, search, owner, shared, mayChange } = saved
  return (
    <li>
      <Link to={`/events${search}`} onClick={onChosen}>
        <bdi>{name}</bdi> {!isMine && <bdi className="quiet small">{owner}</bdi>}
      </Link>
      {mayChange && (
        <span className="saved-acts">
          <button
            type="button"
            className="plain small"
            aria-label={shared ? `Make ${name} private` : `Share ${name}`}
            title={
              shared ? 'All users see it. Click to make it private.' : 'Only you see it. Click to share it.'
            }
            disabled={busy}
            onClick={onShare}
          >
            {shared ? 'Shared' : 'Private'}
          </button>
          <button
            type="button"
            className="plain"
            aria-label={`Delete ${name}`}
            disabled={busy}
            onClick={onDelete}
          >
            ✕
          </button>
        </span>
      )}
    </li>
  )
}
