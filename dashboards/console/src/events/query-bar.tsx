import {
  type KeyboardEvent,
  type RefObject,
  useDeferredValue,
  useEffect,
  useId,
  useLayoutEffect,
  useState,
} from 'react'
import type { Problem } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { figure } from '../time/format.ts'
import { quoted } from './question.ts'

interface QueryBarProps {
  readonly query: string
  readonly problem: Problem | null
  readonly field: RefObject<HTMLInputElement | null>
  readonly onSearch: (query: string) => void
  /** Told of each letter, where the query is a part of a form. */
  readonly onTyped?: (query: string) => void
  readonly name?: string
  readonly placeholder?: string
}

const PLACEHOLDER = 'Search: words, or user: bob and action: login      /'

interface Offer {
  readonly insert: string
  readonly label: string
  readonly about: string
}

/** The query, with fields and values completed as they are typed. */
export function QueryBar(props: QueryBarProps) {
  const { query, problem, field, onSearch, onTyped, name = 'Search', placeholder = PLACEHOLDER } = props
  const [typed, setTyped] = useState(query)
  const [cursor, setCursor] = useState(0)
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const id = useId()
  const [caret, setCaret] = useState<number | null>(null)
  useEffect(() => setTyped(query), [query])
  // Set the caret in the same turn as the inserted text: in a later frame it would jump back before letters typed in the meantime.
  useLayoutEffect(() => {
    if (caret === null) return
    field.current?.setSelectionRange(caret, caret)
    setCaret(null)
  }, [caret, field])

  const wanted = open ? wantedAt(typed, cursor) : null
  const offers = useOffers(wanted)

  const take = (offer: Offer): void => {
    if (wanted === null) return
    const next = `${typed.slice(0, wanted.start)}${offer.insert}${typed.slice(cursor)}`
    const place = wanted.start + offer.insert.length
    setTyped(next)
    onTyped?.(next)
    setCursor(place)
    setCaret(place)
    setChosen(-1)
  }

  const onKey = (key: KeyboardEvent<HTMLInputElement>): void => {
    const offer = offers[chosen]
    switch (key.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        if (offers.length === 0) return
        key.preventDefault()
        const step = key.key === 'ArrowDown' ? 1 : -1
        setChosen((chosen + step + offers.length + 1) % (offers.length + 1))
        return
      }
      case 'Tab':
        if (offers.length === 0 || key.shiftKey || !open) return
        key.preventDefault()
        take(offer ?? offers[0] ?? { insert: '', label: '', about: '' })
        return
      case 'Enter':
        key.preventDefault()
        if (offer !== undefined) take(offer)
        else {
          setOpen(false)
          onSearch(typed.trim())
        }
        return
      case 'Escape':
        if (open && offers.length > 0) setOpen(false)
        else field.current?.blur()
        key.stopPropagation()
    }
  }

  return (
    <div className="query-bar">
      <input
        ref={field}
        type="text"
        role="combobox"
        aria-label={name}
        aria-expanded={offers.length > 0}
        aria-controls={`${id}-offers`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : `${id}-problem`}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value)
          onTyped?.(target.value)
          setCursor(target.selectionStart ?? target.value.length)
          setOpen(true)
          setChosen(-1)
        }}
        onSelect={({ currentTarget }) => setCursor(currentTarget.selectionStart ?? 0)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKey}
      />
      {typed !== '' && (
        <button
          type="button"
          className="plain clear"
          aria-label="Clear the search"
          onClick={() => {
            setTyped('')
            onTyped?.('')
            onSearch('')
          }}
        >
          ✕
        </button>
      )}
      {offers.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a list of completions is a list, and a listbox of the field.
        <ul id={`${id}-offers`} className="offers" role="listbox" aria-label="Completions">
          {offers.map((offer, index) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the option.
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field.
            <li
              key={offer.insert}
              id={`${id}-${index}`}
              // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: an option of that listbox.
              role="option"
              aria-selected={index === chosen}
              onPointerDown={(press) => press.preventDefault()}
              onClick={() => take(offer)}
            >
              <bdi>{offer.label}</bdi> <span className="quiet">{offer.about}</span>
            </li>
          ))}
        </ul>
      )}
      {problem !== null && (
        <p id={`${id}-problem`} className="problem" role="alert">
          {problem.column !== null && <Caret query={query} column={problem.column} />}
          {problem.message}
        </p>
      )}
    </div>
  )
}

/** Shows the place of the mistake in the query. */
function Caret({ query, column }: { query: string; column: number }) {
  return (
    <code className="caret">
      {query.slice(Math.max(0, column - 25), column - 1)}
      <mark>{query.slice(column - 1, column) || ' '}</mark>
      {query.slice(column, column + 20)}
    </code>
  )
}

function useOffers(wanted: ReturnType<typeof wantedAt>): readonly Offer[] {
  const fields = useAsk('getFields', {}).data?.fields ?? []
  const later = useDeferredValue(wanted)
  const named =
    later?.kind === 'value'
      ? fields.find(({ name, short }) => name === later.field || short === later.field)
      : undefined
  const values = useAsk(
    'getFieldsNameValues',
    {
      params: { name: named?.name ?? '' },
      query: { prefix: later?.kind === 'value' ? later.prefix : '', top: '8' },
    },
    { enabled: named?.countable === true },
  )
  if (wanted === null) return []
  if (wanted.kind === 'field')
    return fieldsLike(fields, wanted.prefix).map(({ name, short, about }) => ({
      insert: `${short ?? name}: `,
      label: short ?? name,
      about: short === null ? about : `${name} · ${about}`,
    }))
  if (named === undefined || !named.countable) return []
  return (values.data?.values ?? []).map(({ value, count }) => ({
    insert: `${quoted(String(value))} `,
    label: String(value),
    about: figure(count),
  }))
}

/** The part of a query at the cursor: a field's name, or a value of a field. */
type Wanted =
  | { readonly kind: 'field'; readonly start: number; readonly prefix: string }
  | { readonly kind: 'value'; readonly start: number; readonly field: string; readonly prefix: string }

const VALUE = /([@\w.-]+)\s*:\s*("?)([^"():]*)$/
const FIELD = /(?:^|[\s(])([@A-Za-z][\w.-]*)$/

/** The part that can be completed at the cursor; null within a plain search word, or in an empty place. */
export function wantedAt(query: string, cursor: number): Wanted | null {
  const before = query.slice(0, cursor)
  const value = VALUE.exec(before)
  const typed = value?.[3] ?? ''
  // After a value and a space the next word begins, unless the value is in quotation marks.
  if (value !== null && (value[2] === '"' || !/\s\S*$/.test(typed.trimStart()))) {
    const prefix = typed.trimStart()
    return {
      kind: 'value',
      start: cursor - prefix.length - (value[2] === '"' ? 1 : 0),
      field: value[1] ?? '',
      prefix,
    }
  }
  const field = FIELD.exec(before)?.[1]
  if (field === undefined || /^(?:and|or|not)$/i.test(field)) return null
  return { kind: 'field', start: cursor - field.length, prefix: field }
}

interface Named {
  readonly name: string
  readonly short: string | null
  readonly about: string
}

/** Fields whose short or full name continues like this, the short ones first. */
export function fieldsLike(fields: readonly Named[], prefix: string, most = 8): Named[] {
  const wanted = prefix.toLowerCase()
  const rank = ({ name, short }: Named): number => {
    if (short?.startsWith(wanted)) return 0
    if (name.toLowerCase().startsWith(wanted)) return 1
    return name.toLowerCase().includes(wanted) ? 2 : 3
  }
  return fields
    .map((field) => ({ field, rank: rank(field) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ field }) => field)
}
