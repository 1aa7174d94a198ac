import { Refreshed } from '../frame/as-of.tsx'
import { useParameter } from '../frame/location.ts'
import { RangePicker } from '../time/range-picker.tsx'
import { FIRST_RANGES } from '../time/ranges.ts'
import { BarList } from './bar-list.tsx'
import { Figure } from './figures.tsx'
import { Found } from './found.tsx'
import { Panel, ScreenHead } from './panel.tsx'

/** With an indexer's seal: `event.module` alone may be forged. */
const OWN = 'event.module: waybill and audit.seal.agent: indexer-*'

/** The activity of people here: it is itself in the audit trail. */
export default function Auditor() {
  const [range, setRange] = useParameter('range', FIRST_RANGES['/auditor'])
  const of = (condition: string): string => `${OWN} and ${condition}`
  return (
    <div className="screen">
      <ScreenHead title="Audit of the auditor">
        <RangePicker range={range} onChoose={setRange} />
        <Refreshed />
      </ScreenHead>
      <p className="lead quiet">
        Each search, view of an entry, export and change made with Waybill is an event, sealed like all
        others.
      </p>
      <div className="figures">
        <Figure name="Searches" q={of('event.action: (search or follow or count)')} range={range} />
        <Figure name="Entries read" q={of('event.action: view')} range={range} />
        <Figure name="Exports" q={of('event.action: export')} range={range} />
        <Figure name="Failed sign-ins" q={of('event.outcome: failure')} range={range} grave />
        <Figure
          name="Changes"
          q={of(
            '(audit.category: (change or security) and not event.action: (export or view) and not event.kind: alert)',
          )}
          range={range}
        />
      </div>
      <div className="panels">
        <Panel title="Reads, by user">
          <BarList
            q={of('event.action: (search or follow or count or view or export)')}
            range={range}
            field="user.name"
          />
        </Panel>
        <Panel title="Actions">
          <BarList q={OWN} range={range} field="event.action" top={12} />
        </Panel>
        <Panel title="Exports and changes" className="wide">
          <Found
            q={of('not audit.category: view and not event.kind: alert')}
            range={range}
            most={12}
            none="No exports or changes in this period."
          />
        </Panel>
        <Panel title="Searches and reading" className="wide">
          <Found
            q={of('audit.category: view')}
            range={range}
            most={15}
            none="No searches or reads in this period."
          />
        </Panel>
      </div>
    </div>
  )
}
