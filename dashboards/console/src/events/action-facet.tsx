import { useAsk } from '../api/use-ask.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { figure } from '../time/format.ts'
import { rangeOf } from '../time/ranges.ts'
import { type Question, queryOf } from './question.ts'

/** Actions, grouped by what they are done to; a variant is part of its action's name in the source. */
export function ActionFacet({
  question,
  onToggle,
}: {
  question: Question
  onToggle: (value: string) => void
}) {
  const { data, error, isPending } = useAsk('postAggregate', {
    body: {
      q: queryOf(question, 'event.action'),
      ...rangeOf(question.range),
      by: [
        { kind: 'values', field: 'audit.entity.type', top: 40 },
        { kind: 'values', field: 'event.action', top: 20 },
      ],
    },
  })
  if (error?.code === 'bad-query') return null
  if (error !== null && data === undefined) return <Failed problem={error} />
  if (isPending) return <Loading rows={4} />
  const chosen = new Set(
    question.filters
      .filter(({ field, not }) => field === 'event.action' && !not)
      .flatMap(({ values }) => values),
  )
  return (
    <div className="facet grouped">
      {(data?.split?.buckets ?? []).map(({ key, count, split }) => {
        const actions = split?.buckets ?? []
        return (
          <details key={key} open={actions.some((action) => chosen.has(String(action.key)))}>
            <summary>
              <bdi>{plain(String(key))}</bdi> <span className="count">{figure(count)}</span>
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
          </details>
        )
      })}
    </div>
  )
}

/** `time_entry` and `api::article.article` as a person would say them. */
function plain(type: string): string {
  const last = type.replace(/^.*::/, '').replace(/^.*\./, '')
  const words = last.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
