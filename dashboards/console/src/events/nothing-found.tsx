import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { Empty } from '../frame/states.tsx'
import { figure } from '../time/format.ts'
import { EVER, PRESETS } from '../time/ranges.ts'
import { asked, type Question, writeQuestion } from './question.ts'

/** Where nothing was found: what would be, each a link with its count. */
export function NothingFound({ question }: { question: Question }) {
  const isAnything = question.q === '' && question.filters.length === 0
  const { data } = useAsk('getAlternatives', { query: asked(question) })
  const near = data?.alternatives ?? []
  return (
    <>
      <Empty title="Nothing was found.">
        {near.length > 0
          ? 'These would be found:'
          : isAnything
            ? 'No event in this time. Is an agent shipping? See Settings, Agents.'
            : 'Take off a filter, or look at a longer time.'}
      </Empty>
      {near.length > 0 && (
        <ul className="alternatives" aria-label="What would be found">
          {near.map(({ q, from, own, difference, count }) => (
            <li key={`${q} ${from} ${own}`}>
              <Link to={`/events${writeQuestion(alternative(question, q, from, own))}`}>{difference}</Link>{' '}
              <span className="quiet">{figure(count)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** The filters are in its query already. */
function alternative(question: Question, q: string, from: string | null, own: boolean): Question {
  const preset = PRESETS.find(({ id }) => id === from || (from === 'now-1d' && id === 'now-24h'))
  const isSameTime = from === (asked(question).from ?? null)
  return {
    ...question,
    q: q === '*' ? '' : q,
    filters: [],
    own,
    range: isSameTime ? question.range : (preset?.id ?? EVER),
  }
}
