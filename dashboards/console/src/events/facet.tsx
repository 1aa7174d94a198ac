import { useDeferredValue, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { usePeople } from '../people/use-people.ts'
import { figure, moreValues } from '../time/format.ts'
import { rangeOf } from '../time/ranges.ts'
import { type Filter, type Question, queryOf } from './question.ts'

interface FacetProps {
  readonly field: string
  readonly question: Question
  readonly onToggle: (value: string | null, not: boolean) => void
  readonly most?: number
  /** Adds a field to search for values, for facets that may have many. */
  readonly searchable?: boolean
}

/** The values of one field with how many events have each, counted under all the other filters. */
export function Facet({ field, question, onToggle, most = 8, searchable = false }: FacetProps) {
  const [prefix, setPrefix] = useState('')
  const looked = useDeferredValue(prefix)
  const words = WORDS_OF[field]
  const { data, error, isPending, refetch } = useAsk('postAggregate', {
    body: {
      q: queryOf(question, field),
      own: question.own,
      ...rangeOf(question.range),
      by: [
        { kind: 'values', field, top: most, ...(looked === '' ? {} : { prefix: looked }) },
        ...(words === undefined ? [] : [{ kind: 'values' as const, field: words, top: 6 }]),
      ],
    },
  })
  const { people } = usePeople(question.range, queryOf(question, field), field === 'person')
  const chosen = question.filters.filter((filter) => filter.field === field)
  // The query bar shows the mistake of a query, once.
  if (error?.code === 'bad-query') return null
  if (error !== null && data === undefined) return <Failed problem={error} retry={() => void refetch()} />
  if (isPending) return <Loading rows={3} />
  const buckets = data?.split?.buckets ?? []
  const none = looked === '' ? (data?.split?.none ?? 0) : 0
  const greatest = Math.max(1, none, ...buckets.map(({ count }) => count))
  const values: { value: string | null; count: number }[] = [
    ...buckets.map(({ key, count }) => ({ value: String(key), count })),
    ...(none > 0 ? [{ value: null, count: none }] : []),
  ]
  // Chosen values remain visible, even if no event has them any more.
  const gone = chosen
    .flatMap((filter) => filter.values)
    .filter((value) => !values.some((one) => one.value === value))
    .map((value) => ({ value, count: 0 }))
  return (
    <div className="facet">
      {searchable && (
        <input
          type="search"
          className="small"
          value={prefix}
          placeholder="Begins with …"
          aria-label={`Values of ${field} that begin with`}
          onChange={(change) => setPrefix(change.target.value)}
        />
      )}
      <ul>
        {[...values, ...gone].map(({ value, count }) => (
          <Value
            key={value ?? '\0none'}
            name={
              value === null
                ? nameOfNone(field)
                : (people.find(({ id }) => id === value)?.name ?? capital(value, field))
            }
            hint={hintOf(
              value,
              field === 'person'
                ? people.find(({ id }) => id === value)?.systems
                : buckets.find(({ key }) => key === value)?.split?.buckets.map(({ key }) => String(key)),
            )}
            count={count}
            share={count / greatest}
            state={stateOf(chosen, value)}
            onToggle={(not) => onToggle(value, not)}
          />
        ))}
      </ul>
      {looked !== '' && values.length === 0 && <p className="quiet">No value begins with this.</p>}
      {(data?.split?.others ?? 0) > 0 && (
        <p className="quiet small">
          {moreValues((data?.split?.distinct ?? 0) - buckets.length, data?.split?.others ?? 0)}
        </p>
      )}
      {data?.partial !== null && data?.partial !== undefined && (
        <p className="quiet small">{data.partial.sentence}</p>
      )}
    </div>
  )
}

const nameOfNone = (field: string): string =>
  field === 'user.name' || field === 'person' ? '(no user given)' : '(none)'

/** The fields with the words of the sources for a common word. */
const WORDS_OF: Readonly<Record<string, string>> = { verb: 'event.action', object: 'audit.entity.type' }

/** Common words are written like names. */
const capital = (value: string, field: string): string =>
  field in WORDS_OF ? value.charAt(0).toUpperCase() + value.slice(1) : value

/** What a value is in the sources. */
const hintOf = (value: string | null, words: readonly string[] = []): string | undefined =>
  words.length === 0 || (words.length === 1 && words[0] === value) ? undefined : words.join(', ')

type State = 'kept' | 'left out' | 'free'

function stateOf(filters: readonly Filter[], value: string | null): State {
  const filter = filters.find(({ values }) => values.includes(value))
  if (filter === undefined) return 'free'
  return filter.not ? 'left out' : 'kept'
}

interface ValueProps {
  readonly name: string
  readonly hint: string | undefined
  readonly count: number
  readonly share: number
  readonly state: State
  readonly onToggle: (not: boolean) => void
}

function Value({ name, hint, count, share, state, onToggle }: ValueProps) {
  return (
    <li className={state === 'left out' ? 'left-out' : ''}>
      <button
        type="button"
        className="value"
        title={hint}
        aria-pressed={state === 'kept'}
        onClick={() => onToggle(state === 'left out')}
      >
        <span className="share" style={{ width: `${Math.max(share * 100, 0.5)}%` }} />
        <bdi>{name}</bdi>
        <span className="count">{figure(count)}</span>
      </button>
      {state === 'free' && (
        <button
          type="button"
          className="exclude"
          aria-label={`Exclude ${name}`}
          title="Exclude"
          onClick={() => onToggle(true)}
        >
          −
        </button>
      )}
    </li>
  )
}
