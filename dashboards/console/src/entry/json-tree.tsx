import { type ReactNode, useState } from 'react'

/** JSON to look into: members open and close, and all of it can be looked through. */
export function JsonTree({ value, name }: { value: unknown; name: string }) {
  const [looked, setLooked] = useState('')
  return (
    <div className="json">
      <div className="json-bar">
        <input
          type="search"
          className="small"
          placeholder="Find in it"
          aria-label={`Find in ${name}`}
          value={looked}
          onChange={({ target }) => setLooked(target.value)}
        />
        <button
          type="button"
          onClick={() => void navigator.clipboard.writeText(JSON.stringify(value, null, 2))}
        >
          Copy
        </button>
      </div>
      <ul className="json-tree">
        <Node name={name} value={value} looked={looked.toLowerCase()} depth={0} />
      </ul>
    </div>
  )
}

interface NodeProps {
  readonly name: string
  readonly value: unknown
  readonly looked: string
  readonly depth: number
}

/** A list longer than this is shown in part, until it is looked into. */
const MANY = 200

function Node({ name, value, looked, depth }: NodeProps) {
  const [opened, setOpened] = useState<boolean | null>(null)
  const [all, setAll] = useState(false)
  if (typeof value !== 'object' || value === null)
    return (
      <li>
        <Key name={name} looked={looked} /> <Leaf value={value} looked={looked} />
      </li>
    )
  const members = Object.entries(value)
  const found = looked !== '' && contains(value, looked)
  const open = opened ?? (depth < 2 || found)
  const shown = all ? members : members.slice(0, MANY)
  return (
    <li>
      <button type="button" className="disclose" aria-expanded={open} onClick={() => setOpened(!open)}>
        <Key name={name} looked={looked} />{' '}
        <span className="quiet">{Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`}</span>
      </button>
      {open && (
        <ul>
          {shown
            .filter(
              ([key, one]) => looked === '' || key.toLowerCase().includes(looked) || contains(one, looked),
            )
            .map(([key, one]) => (
              <Node key={key} name={key} value={one} looked={looked} depth={depth + 1} />
            ))}
          {shown.length < members.length && (
            <li>
              <button type="button" className="plain" onClick={() => setAll(true)}>
                {members.length - shown.length} more
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  )
}

function contains(value: unknown, looked: string): boolean {
  if (typeof value !== 'object' || value === null) return String(value).toLowerCase().includes(looked)
  return Object.entries(value).some(
    ([key, one]) => key.toLowerCase().includes(looked) || contains(one, looked),
  )
}

function Key({ name, looked }: { name: string; looked: string }) {
  return (
    <bdi className="json-key">
      <Marked text={name} looked={looked} />
    </bdi>
  )
}

const LONG = 2000

function Leaf({ value, looked }: { value: unknown; looked: string }) {
  const [whole, setWhole] = useState(false)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const shown = whole || text.length <= LONG ? text : text.slice(0, LONG)
  return (
    <>
      <bdi className={`json-${value === null ? 'null' : typeof value}`}>
        <Marked text={shown} looked={looked} />
      </bdi>
      {shown.length < text.length && (
        <button type="button" className="plain" onClick={() => setWhole(true)}>
          … {(text.length - shown.length).toLocaleString('en-US')} more characters
        </button>
      )}
    </>
  )
}

function Marked({ text, looked }: { text: string; looked: string }): ReactNode {
  const place = looked === '' ? -1 : text.toLowerCase().indexOf(looked)
  if (place === -1) return text
  return (
    <>
      {text.slice(0, place)}
      <mark>{text.slice(place, place + looked.length)}</mark>
      {text.slice(place + looked.length)}
    </>
  )
}
