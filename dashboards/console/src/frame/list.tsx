import type { ReactNode } from 'react'
import { useZone } from './preferences.ts'

export interface Column<Row> {
  readonly name: string
  readonly of: (row: Row) => ReactNode
  /** `number` is right-aligned; `time` names its zone; `acts` holds the actions, under a head for screen readers only. */
  readonly kind?: 'number' | 'time' | 'acts'
}

interface ListProps<Row> {
  /** The name of the list for screen readers. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
}

/** Rows of the same kind under their heads; the first column names the row. On a phone each row is a card. */
export function List<Row>({ label, columns, rows, keyOf }: ListProps<Row>) {
  const zone = useZone()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard.
    <section className="scrolls" aria-label={label} tabIndex={0}>
      <table className="list carded">
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind === 'number' ? 'number' : undefined}>
                {kind === 'acts' ? <span className="unseen">{name}</span> : name}
                {kind === 'time' && <span className="zone">{zone}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, kind, of }, index) =>
                index === 0 ? (
                  <th key={name} scope="row">
                    {of(row)}
                  </th>
                ) : (
                  <td key={name} className={kind} data-caption={kind === 'acts' ? undefined : name}>
                    {kind === 'acts' ? <div className="buttons">{of(row)}</div> : of(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
