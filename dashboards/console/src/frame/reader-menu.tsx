import { useId, useState } from 'react'
import { useWho } from '../session/session.tsx'
import { isZone, zonesLike } from '../time/zones.ts'
import { Link } from './link.tsx'
import { Popover } from './popover.tsx'
import { prefer, usePreferences, useZone } from './preferences.ts'

/** Preferences, the account, and the sign-out. */
export function ReaderMenu() {
  const { who, signOut } = useWho()
  const { theme, zone } = usePreferences()
  return (
    <Popover
      name={`${who.fullName || who.name} ${who.role ?? 'token'}: preferences and sign-out`}
      className="reader"
      align="end"
      label={
        <>
          <span className="reader-name">{who.fullName || who.name}</span>{' '}
          <span className="role">{who.role ?? 'token'}</span>
        </>
      }
    >
      {(close) => (
        <div className="menu">
          <Choice
            name="Theme"
            value={theme}
            options={{ system: 'System', light: 'Light', dark: 'Dark' }}
            onChoose={(next) => prefer({ theme: next })}
          />
          <Choice
            name="Times"
            value={zone}
            options={{ local: 'Local', utc: 'UTC' }}
            onChoose={(next) => prefer({ zone: next })}
          />
          <ZoneChoice />
          {who.role !== null && (
            <Link to="/account" onClick={close}>
              Password, second factor, sessions
            </Link>
          )}
          {who.csrf !== null && (
            <button type="button" className="plain" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      )}
    </Popover>
  )
}

interface ChoiceProps<Value extends string> {
  readonly name: string
  /** None of the options if another choice applies. */
  readonly value: string
  readonly options: Readonly<Record<Value, string>>
  readonly onChoose: (value: Value) => void
}

function Choice<Value extends string>({ name, value, options, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset className="choice">
      <legend>{name}</legend>
      {(Object.keys(options) as Value[]).map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChoose(option)}>
          {options[option]}
        </button>
      ))}
    </fieldset>
  )
}

const SHOWN = 8

/** Any time zone, looked for by its name. */
function ZoneChoice() {
  const zone = useZone()
  const [looked, setLooked] = useState('')
  const id = useId()
  const zones = looked === '' ? [] : zonesLike(looked)
  // An older name of a zone is not in the list, and is a zone all the same.
  const named = looked.trim()
  const offered = zones.length === 0 && isZone(named) ? [named] : zones
  const choose = (chosen: string): void => {
    prefer({ zone: chosen })
    setLooked('')
  }
  return (
    <div className="zone-choice">
      <label htmlFor={id}>Another time zone</label>
      <input
        id={id}
        type="search"
        className="small"
        placeholder={zone}
        value={looked}
        onChange={({ target }) => setLooked(target.value)}
        onKeyDown={({ key }) => key === 'Enter' && offered[0] !== undefined && choose(offered[0])}
      />
      <ul>
        {offered.slice(0, SHOWN).map((one) => (
          <li key={one}>
            <button type="button" className="plain" onClick={() => choose(one)}>
              {one}
            </button>
          </li>
        ))}
      </ul>
      {looked !== '' && offered.length === 0 && (
        <p className="quiet small">No time zone matches. Type a city or a region, such as Tokyo.</p>
      )}
      {offered.length > SHOWN && (
        <p className="quiet small">{offered.length - SHOWN} more: type more letters of the name.</p>
      )}
    </div>
  )
}
