import { useId, useState } from 'react'
import { useZone } from '../time/zone.ts'
import { isZone, zonesLike } from '../time/zones.ts'
import { prefer } from './preferences.ts'

const SHOWN = 8

/** Any time zone, looked for by its name. */
export function ZoneChoice() {
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
        <p className="quiet small">No zone has such a name. Type a city or a region, such as Tokyo.</p>
      )}
      {offered.length > SHOWN && (
        <p className="quiet small">{offered.length - SHOWN} more: type more of the name.</p>
      )}
    </div>
  )
}
