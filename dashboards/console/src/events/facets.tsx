import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useSeesPeople } from '../people/use-people.ts'
import { ActionFacet } from './action-facet.tsx'
import { columnName } from './columns.ts'
import { Facet } from './facet.tsx'
import type { Question } from './question.ts'

const FIRST = ['audit.category', 'verb', 'person']
const NEXT = ['event.outcome', 'object', 'event.module']
const CLOSED = [
  'user.name',
  'audit.entity.type',
  'event.type',
  'audit.risk',
  'audit.variant',
  'source.ip',
  'audit.channel',
]

interface FacetsProps {
  readonly question: Question
  readonly onToggle: (field: string, value: string | null, not: boolean) => void
}

/** Filters for the events, with counts. A closed group sends no requests. */
export function Facets({ question, onToggle }: FacetsProps) {
  const [more, setMore] = useState<readonly string[]>([])
  const { data } = useAsk('getFields', {})
  // Where accounts are not joined, a person is a user.
  const sees = useSeesPeople()
  const first = FIRST.map((field) => (field === 'person' && !sees ? 'user.name' : field))
  const closed = CLOSED.filter((field) => !first.includes(field))
  const filtered = question.filters.map(({ field }) => field)
  const listed = [...first, 'event.action', ...NEXT, ...closed, ...(sees ? [] : ['person'])]
  const others = [...new Set([...more, ...filtered])].filter((field) => !listed.includes(field))
  return (
    <aside className="facets" aria-label="Filters">
      {first.map((field) => (
        <Group key={field} field={field} question={question} onToggle={onToggle} open />
      ))}
      <Collapsible title="Action, by entity" open={filtered.includes('event.action')}>
        <ActionFacet question={question} onToggle={(value) => onToggle('event.action', value, false)} />
      </Collapsible>
      {NEXT.map((field) => (
        <Group key={field} field={field} question={question} onToggle={onToggle} open />
      ))}
      {[...closed, ...others].map((field) => (
        <Group
          key={field}
          field={field}
          question={question}
          onToggle={onToggle}
          open={filtered.includes(field) || more.includes(field)}
        />
      ))}
      <label className="more-fields">
        Another field
        <select
          value=""
          onChange={({ target }) =>
            setMore((before) => [...before.filter((one) => one !== target.value), target.value])
          }
        >
          <option value="">Choose …</option>
          {(data?.fields ?? [])
            .filter(({ name, countable }) => countable && !listed.includes(name) && !others.includes(name))
            .map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
        </select>
      </label>
    </aside>
  )
}

function Group({ field, question, onToggle, open }: FacetsProps & { field: string; open: boolean }) {
  return (
    <Collapsible title={columnName(field)} open={open}>
      <Facet
        field={field}
        question={question}
        onToggle={(value, not) => onToggle(field, value, not)}
        searchable={!FEW.has(field)}
      />
    </Collapsible>
  )
}

const FEW = new Set([
  'audit.category',
  'verb',
  'event.type',
  'event.outcome',
  'event.module',
  'audit.risk',
  'audit.variant',
  'audit.channel',
])

function Collapsible({ title, open, children }: { title: string; open: boolean; children: React.ReactNode }) {
  const [shown, setShown] = useState(open)
  return (
    <section>
      <h2>
        <button type="button" className="disclose" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {title}
        </button>
      </h2>
      {shown && children}
    </section>
  )
}
