import { useMemo, useState } from 'react'
import { difference, linesOf, type Row, type Step, sideBySide, wordsOf } from './diff.ts'

interface Changed {
  readonly field: string
  readonly old: string | null
  readonly new: string | null
}

/** Before and after, beside each other or one below the other. */
export function Difference({ changes }: { changes: readonly Changed[] }) {
  const [inline, setInline] = useState(() => window.matchMedia('(max-width: 640px)').matches)
  return (
    <div className="difference">
      <fieldset className="choice">
        <legend className="unseen">Layout</legend>
        <button type="button" aria-pressed={!inline} onClick={() => setInline(false)}>
          Side by side
        </button>
        <button type="button" aria-pressed={inline} onClick={() => setInline(true)}>
          Inline
        </button>
      </fieldset>
      {changes.map((change) => (
        <section key={change.field}>
          <h4>
            <bdi>{change.field}</bdi>
          </h4>
          <One change={change} inline={inline} />
        </section>
      ))}
    </div>
  )
}

function One({ change, inline }: { change: Changed; inline: boolean }) {
  const rows = useMemo(() => {
    const [before, after] = [change.old, change.new].map((value) => (value === null ? [] : linesOf(value)))
    return sideBySide(difference(before ?? [], after ?? []))
  }, [change])
  return (
    <table className={inline ? 'diff inline' : 'diff'}>
      <thead className={inline ? 'unseen' : ''}>
        <tr>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {inline
          ? rows.flatMap((row, index) => inlineRows(row, index))
          : rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place.
              <tr key={index} className={row.old === row.new ? 'same' : 'other'}>
                <td className={row.old === null ? 'none' : 'was'}>
                  {row.old !== null && <Line row={row} side="old" />}
                </td>
                <td className={row.new === null ? 'none' : 'is'}>
                  {row.new !== null && <Line row={row} side="new" />}
                </td>
              </tr>
            ))}
      </tbody>
    </table>
  )
}

function inlineRows(row: Row, index: number) {
  if (row.old === row.new)
    return [
      <tr key={`${index} same`} className="same">
        <td>
          <Line row={row} side="old" />
        </td>
      </tr>,
    ]
  return (['old', 'new'] as const)
    .filter((side) => row[side] !== null)
    .map((side) => (
      <tr key={`${index} ${side}`} className="other">
        <td className={side === 'old' ? 'was' : 'is'}>
          <Line row={row} side={side} />
        </td>
      </tr>
    ))
}

/** A line longer than this is not compared word by word. */
const LONG = 2000

function Line({ row, side }: { row: Row; side: 'old' | 'new' }) {
  const line = row[side] ?? ''
  const { old, new: now } = row
  if (old === null || now === null || old === now || old.length + now.length > LONG)
    return <code>{line}</code>
  const steps: Step[] = difference(wordsOf(old), wordsOf(now)).filter(
    ({ kind }) => kind === 'same' || kind === side,
  )
  return (
    <code>
      {steps.map(({ kind, text }, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: words have no other name than their place.
        kind === 'same' ? <span key={index}>{text}</span> : <mark key={index}>{text}</mark>,
      )}
    </code>
  )
}
