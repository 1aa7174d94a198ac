import { lazy, Suspense } from 'react'
import { useFound } from '../api/use-found.ts'
import { at, type Event, inWords } from '../events/event.ts'
import { all } from '../events/question.ts'
import { useParameter } from '../frame/location.ts'
import { Loading } from '../frame/states.tsx'
import { RangePicker } from '../time/range-picker.tsx'
import { rangeOf } from '../time/ranges.ts'
import { BarList } from './bar-list.tsx'
import { Figure } from './figures.tsx'
import { Found } from './found.tsx'
import { Panel, ScreenHead } from './panel.tsx'
import { FAILED_SIGN_INS, SIGN_INS } from './priority.ts'

const WorldMap = lazy(() => import('../charts/world-map.tsx'))

const SECURITY = 'audit.category: security and not event.module: waybill'
const LOCKS = 'audit.category: security and event.action: *lock*'
const RIGHTS = 'event.category: iam'
const KEYS = 'audit.category: security and (event.action: *key* or event.action: *password*)'

export default function Security() {
  const [range, setRange] = useParameter('range', 'now-7d')
  return (
    <div className="screen">
      <ScreenHead title="Security">
        <RangePicker range={range} onChoose={setRange} />
      </ScreenHead>
      <div className="figures">
        <Figure name="Sign-ins" q={SIGN_INS} range={range} />
        <Figure name="Failed sign-ins" q={FAILED_SIGN_INS} range={range} grave />
        <Figure name="Accounts locked" q={LOCKS} range={range} grave />
        <Figure name="Users, roles and rights" q={RIGHTS} range={range} />
        <Figure name="Passwords and keys" q={KEYS} range={range} />
        <Figure name="High risk" q="audit.risk: high" range={range} grave />
      </div>
      <div className="panels">
        <Panel title="High risk, and what failed" className="wide">
          <Found
            q={all(SECURITY, 'audit.risk: high or event.outcome: failure')}
            range={range}
            most={14}
            none="Nothing in this time."
          />
        </Panel>
        <Panel title="By address">
          <BarList q={SECURITY} range={range} field="source.ip" />
        </Panel>
        <Panel title="Failed sign-ins, by user">
          <BarList
            q={FAILED_SIGN_INS}
            range={range}
            field="user.name"
            none="No sign-in failed in this time."
          />
        </Panel>
        <Places range={range} />
        <Panel title="By risk">
          <BarList q={SECURITY} range={range} field="audit.risk" />
        </Panel>
        <Panel title="Latest" className="wide">
          <Found q={SECURITY} range={range} most={14} none="Nothing in this time." />
        </Panel>
      </div>
    </div>
  )
}

/** Where sign-ins came from, as a file of places estimates it; without such a file there is nothing to show. */
function Places({ range }: { range: string }) {
  const { data } = useFound({ q: all(SECURITY, 'source.geo.country_iso_code: *'), ...rangeOf(range) }, 500)
  const places = placesOf(data?.events ?? [])
  if (places.length === 0) return null
  return (
    <Panel title="Places, estimated from addresses" className="wide">
      <Suspense fallback={<Loading rows={6} />}>
        <WorldMap places={places} />
      </Suspense>
    </Panel>
  )
}

function placesOf(events: readonly Event[]) {
  const places = new Map<
    string,
    { name: string; latitude: number; longitude: number; count: number; failed: number }
  >()
  for (const event of events) {
    const [latitude, longitude] = ['lat', 'lon'].map((part) =>
      Number(at(event, `source.geo.location.${part}`)),
    )
    if (latitude === undefined || longitude === undefined || !Number.isFinite(latitude + longitude)) continue
    const name = [at(event, 'source.geo.city_name'), at(event, 'source.geo.country_name')]
      .map(inWords)
      .filter(Boolean)
      .join(', ')
    const key = `${latitude} ${longitude}`
    const known = places.get(key) ?? { name, latitude, longitude, count: 0, failed: 0 }
    known.count++
    if (at(event, 'event.outcome') === 'failure') known.failed++
    places.set(key, known)
  }
  return [...places.values()]
}
