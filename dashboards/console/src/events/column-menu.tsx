import { useLayoutEffect, useRef, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { columnName, FIRST_COLUMNS } from './columns.ts'
import { changeLook, DENSITIES, type Density, moved, useLook } from './look.ts'

interface ColumnMenuProps {
  readonly columns: readonly string[]
  /** Null: the columns that a list begins with. */
  readonly onColumns: (columns: readonly string[] | null) => void
}

/** More would be a list that nobody reads: the search finds the others. */
const SHOWN = 80

/** The columns of the list: which, in which order, with how many lines; and how dense the rows are. By keyboard and touch, too. */
export function ColumnMenu({ columns, onColumns }: ColumnMenuProps) {
  const [looked, setLooked] = useState('')
  const { widths } = useLook()
  const { data } = useAsk('getFields', {})
  const isLooked = (field: string): boolean =>
    `${field} ${columnName(field)}`.toLowerCase().includes(looked.toLowerCase())
  const others = [...new Set([...FIRST_COLUMNS, ...(data?.fields ?? []).map(({ name }) => name)])].filter(
    (field) => !columns.includes(field) && isLooked(field),
  )
  return (
    <div className="chooser">
      <DensityChoice />
      <input
        type="search"
        className="small"
        aria-label="Find a column"
        placeholder="Find a column"
        value={looked}
        onChange={({ target }) => setLooked(target.value)}
      />
      <div className="chooser-lists">
        <Shown columns={columns} isLooked={isLooked} onColumns={onColumns} />
        {others.length > 0 && (
          <ul aria-label="More columns">
            {others.slice(0, SHOWN).map((field) => (
              <li key={field}>
                <label>
                  <input type="checkbox" checked={false} onChange={() => onColumns([...columns, field])} />
                  <span>{columnName(field)}</span>
                </label>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="chooser-resets">
        <button type="button" className="plain" onClick={() => onColumns(null)}>
          Default columns
        </button>
        <button
          type="button"
          className="plain"
          disabled={Object.keys(widths).length === 0}
          onClick={() => changeLook({ widths: {} })}
        >
          Fit widths to content
        </button>
      </div>
    </div>
  )
}

function DensityChoice() {
  const { density } = useLook()
  return (
    <fieldset className="choice">
      <legend>Rows</legend>
      {(Object.keys(DENSITIES) as Density[]).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === density}
          onClick={() => changeLook({ density: one })}
        >
          {DENSITIES[one]}
        </button>
      ))}
    </fieldset>
  )
}

interface ShownProps extends ColumnMenuProps {
  readonly isLooked: (field: string) => boolean
}

/** The columns that are shown, in their order. */
function Shown({ columns, isLooked, onColumns }: ShownProps) {
  const { wrapped } = useLook()
  const [place, setPlace] = useState('')
  const list = useRef<HTMLUListElement>(null)
  /** The button that was pressed: a browser takes the focus from what moves within the page. */
  const pressed = useRef<string | null>(null)
  useLayoutEffect(() => {
    if (pressed.current === null) return
    const button = list.current?.querySelector<HTMLButtonElement>(
      `[data-move="${CSS.escape(pressed.current)}"]`,
    )
    if (button?.disabled === false) button.focus()
    else button?.parentElement?.querySelector<HTMLButtonElement>('[data-move]:not(:disabled)')?.focus()
    pressed.current = null
  })
  const move = (field: string, by: number): void => {
    const next = moved(columns, field, columns.indexOf(field) + by)
    pressed.current = `${field} ${by}`
    setPlace(`${columnName(field)} is column ${next.indexOf(field) + 1} of ${next.length}.`)
    onColumns(next)
  }
  const wrap = (field: string): void =>
    changeLook({
      wrapped: wrapped.includes(field) ? wrapped.filter((one) => one !== field) : [...wrapped, field],
    })
  return (
    <>
      <ul aria-label="Columns shown" ref={list}>
        {columns.filter(isLooked).map((field) => {
          const name = columnName(field)
          const at = columns.indexOf(field)
          return (
            <li key={field}>
              <label>
                <input
                  type="checkbox"
                  checked
                  disabled={columns.length === 1}
                  onChange={() => onColumns(columns.filter((one) => one !== field))}
                />
                <span>{name}</span>
              </label>
              <button
                type="button"
                className="wide-only"
                aria-pressed={wrapped.includes(field)}
                aria-label={`Wrap ${name}`}
                title="Up to three lines"
                onClick={() => wrap(field)}
              >
                Wrap
              </button>
              {([-1, 1] as const).map((by) => (
                <button
                  key={by}
                  type="button"
                  data-move={`${field} ${by}`}
                  aria-label={`Move ${name} ${by < 0 ? 'up' : 'down'}`}
                  title={by < 0 ? 'Towards the start of the row' : 'Towards the end of the row'}
                  disabled={by < 0 ? at === 0 : at === columns.length - 1}
                  onClick={() => move(field, by)}
                >
                  {by < 0 ? '↑' : '↓'}
                </button>
              ))}
            </li>
          )
        })}
      </ul>
      <p className="unseen" role="status">
        {place}
      </p>
    </>
  )
}
