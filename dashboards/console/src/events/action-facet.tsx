import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { counted, figure } from '../time/format.ts'
import { rangeOf } from '../time/ranges.ts'
import { all, type Question, queryOf } from './question.ts'

interface Actions {
  readonly entity: string
  readonly count: number
  readonly actions: readonly { readonly key: string | number; readonly count: number }[]
  /** Events of actions that are not listed. */
  readonly more: number
}

/** Actions, grouped by what they are done to; a variant is part of its action's name in the source. */
export function ActionFacet({
  question,
  onToggle,
}: {
  question: Question
  onToggle: (value: string) => void
}) {
  const [looked, setLooked] = useState('')
  const { data, others, error, isPending } = useGroups(question)
  if (error?.code === 'bad-query') return null
  if (error !== null && data === undefined) return <Failed problem={error} />
  if (isPending || data === undefined) return <Loading rows={4} />
  const chosen = new Set(
    question.filters
      .filter(({ field, not }) => field === 'event.action' && !not)
      .flatMap(({ values }) => values),
  )
  const isLooked = (name: string): boolean => name.toLowerCase().includes(looked.toLowerCase())
  const groups = data
    .map((group) => ({
      ...group,
      actions: isLooked(group.entity)
        ? group.actions
        : group.actions.filter(({ key }) => isLooked(String(key))),
    }))
    .filter(({ actions }) => actions.length > 0)
  return (
    <div className="facet grouped">
      <input
        type="search"
        className="small"
        value={looked}
        placeholder="Find an action"
        aria-label="Find an action or an entity"
        onChange={({ target }) => setLooked(target.value)}
      />
      {looked !== '' && groups.length === 0 && <p className="quiet">No action has this name.</p>}
      {groups.map(({ entity, count, actions, more }) => (
        <details
          key={`${entity} ${looked !== ''}`}
          open={looked !== '' || actions.some(({ key }) => chosen.has(String(key)))}
        >
          <summary>
            <bdi>{entity}</bdi> <span className="count">{figure(count)}</span>
          </summary>
          <ul>
            {actions.map((action) => (
              <li key={action.key}>
                <button
                  type="button"
                  className="value"
                  aria-pressed={chosen.has(String(action.key))}
                  onClick={() => onToggle(String(action.key))}
                >
                  <bdi>{String(action.key)}</bdi>
                  <span className="count">{figure(action.count)}</span>
                </button>
              </li>
            ))}
          </ul>
          {more > 0 && <p className="quiet small">{counted(more, 'event')} of other actions</p>}
        </details>
      ))}
      {others > 0 && <p className="quiet small">{counted(others, 'event')} of other entities</p>}
    </div>
  )
}

/** The actions grouped by entity; actions without an entity, such as signing in, come last. */
function useGroups(question: Question) {
  const q = queryOf(question, 'event.action')
  const within = { ...rangeOf(question.range), own: question.own }
  const actions = { kind: 'values', field: 'event.action' } as const
  const grouped = useAsk('postAggregate', {
    body: {
      q,
      ...within,
      by: [
        { kind: 'values', field: 'audit.entity.type', top: 40 },
        { ...actions, top: 30 },
      ],
    },
  })
  const none = grouped.data?.split?.none ?? 0
  const others = useAsk(
    'postAggregate',
    { body: { q: all(q, 'not audit.entity.type: *'), ...within, by: [{ ...actions, top: 60 }] } },
    { enabled: none > 0 },
  )
  const data: Actions[] | undefined = grouped.data?.split?.buckets.map(({ key, count, split }) => ({
    entity: inWords(String(key)),
    count,
    actions: split?.buckets ?? [],
    more: split?.others ?? 0,
  }))
  if (none > 0)
    data?.push({
      entity: 'No entity',
      count: none,
      actions: others.data?.split?.buckets ?? [],
      more: others.data?.split?.others ?? 0,
    })
  return {
    others: grouped.data?.split?.others ?? 0,
    data,
    error: grouped.error,
    isPending: grouped.isPending,
  }
}

/** Turns `time_entry` and `api::article.article` into words. */
function inWords(type: string): string {
  const last = type.replace(/^.*::/, '').replace(/^.*\./, '')
  const words = last.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
