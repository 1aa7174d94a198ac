import { List } from '../frame/list.tsx'
import type { Held, Pair } from './record.ts'

interface PairsProps {
  readonly label: string
  readonly names: readonly [string, string]
  readonly pairs: readonly Pair[]
  readonly differencesOnly: boolean
}

/** Two states of records, field by field: what differs is marked. */
export function Pairs({ label, names, pairs, differencesOnly }: PairsProps) {
  const shown = differencesOnly ? pairs.filter(({ differs }) => differs) : pairs
  if (shown.length === 0)
    return (
      <p className="quiet">
        {pairs.length === 0 ? 'These events don’t contain the state of the record.' : 'Nothing differs.'}
      </p>
    )
  return (
    <List
      label={label}
      rows={shown}
      keyOf={({ field }) => field}
      columns={[
        { name: 'Field', of: ({ field }) => <bdi>{field}</bdi> },
        { name: names[0], of: (pair) => <Value held={pair.one} /> },
        {
          name: names[1],
          of: (pair) => (
            <span className={pair.differs ? 'differs' : undefined}>
              <Value held={pair.other} />
            </span>
          ),
        },
        { name: 'Difference', of: (pair) => <Difference pair={pair} /> },
      ]}
    />
  )
}

function Difference({ pair: { one, other, differs } }: { pair: Pair }) {
  if (!differs) return <span className="quiet">same</span>
  return one === undefined || other === undefined ? 'known on one side only' : 'differs'
}

export function Value({ held }: { held: Held | undefined }) {
  if (held === undefined) return <span className="quiet">not known</span>
  return (
    <>
      {held.value === null ? <em className="quiet">empty</em> : <bdi>{held.value}</bdi>}
      {held.earlier && <span className="quiet"> from a later change</span>}
    </>
  )
}
