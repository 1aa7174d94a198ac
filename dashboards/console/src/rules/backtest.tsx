import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { BarChart } from '../charts/bar-chart.tsx'
import { useMoment } from '../frame/as-of.tsx'
import { useZone } from '../frame/preferences.ts'
import { Panel } from '../screens/panel.tsx'
import { counted, dayOf, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'

type Answered = Answer<'postRulesBacktest'>

const DAY = 86_400_000
const SPAN = 30 * DAY
/** More alerts on a day than this are read by nobody. */
const TOO_MANY = 20
const HEIGHT = 72

/** When the rule would have fired in the past 30 days. */
export function Backtest({ text, isReady }: { readonly text: string; readonly isReady: boolean }) {
  const moment = useMoment()
  const { data, error, isFetching } = useAsk(
    'postRulesBacktest',
    { body: { text, from: moment - SPAN, to: moment } },
    { enabled: isReady },
  )
  return (
    <Panel
      title="The past 30 days"
      beside={
        <span role="status" className="quiet small">
          {isFetching ? 'Judging …' : ''}
        </span>
      }
    >
      {error !== null ? (
        <p className="quiet">{error.message}</p>
      ) : data === undefined ? (
        <p className="quiet">{isReady ? 'Judging …' : 'The rule has mistakes, so it can’t be tested.'}</p>
      ) : (
        <Found found={data} to={moment} />
      )}
    </Panel>
  )
}

function Found({ found, to }: { found: Answered; to: number }) {
  const zone = useZone()
  const [all, setAll] = useState(false)
  const { perDay, alerts, total, until } = found
  const most = Math.max(0, ...perDay.map(({ alerts }) => alerts))
  const loud = perDay.filter(({ alerts }) => alerts > TOO_MANY).length
  const latest = alerts.slice(all ? -50 : -5).reverse()
  return (
    <>
      <DayChart perDay={perDay} />
      <p>
        The rule would have fired <strong>{counted(total, 'time')}</strong>
        {total > 0 && `, at most ${figure(most)} on a day`}.
      </p>
      {loud > 0 && (
        <p className="warning-line" role="status">
          More than {TOO_MANY} alerts on {counted(loud, 'day')}: raise the threshold, narrow the query, or
          lengthen “Not again within”.
        </p>
      )}
      {until < to && (
        <p className="quiet small">
          Judged until {dayOf(until, zone)} only: the query finds too many events to judge them all here.
        </p>
      )}
      {latest.length > 0 && (
        <ul className="rows rule-alerts" aria-label="The latest of these alerts">
          {latest.map(({ at, message }) => (
            <li key={`${at} ${message}`}>
              <When at={at} />
              <bdi>{message}</bdi>
            </li>
          ))}
        </ul>
      )}
      {alerts.length > 5 && !all && (
        <button type="button" className="plain" onClick={() => setAll(true)}>
          Show more
        </button>
      )}
    </>
  )
}

function DayChart({ perDay }: { perDay: Answered['perDay'] }) {
  const share = (index: number): number => index / Math.max(1, perDay.length)
  const nameOf = (day: string): string => dayOf(Date.parse(`${day}T12:00Z`), 'UTC')
  return (
    <BarChart
      label="Alerts by day"
      noun="alert"
      height={HEIGHT}
      limit={TOO_MANY}
      bars={perDay.map(({ day, alerts }, index) => ({
        from: share(index),
        to: share(index + 1),
        count: alerts,
        marked: 0,
        name: nameOf(day),
      }))}
      ticks={(width) => {
        const every = Math.max(1, Math.ceil(perDay.length / Math.max(1, Math.floor(width / DAY_ROOM))))
        return perDay.flatMap(({ day }, index) =>
          index % every === 0 ? [{ at: share(index), label: nameOf(day) }] : [],
        )
      }}
      caption={<span className="too-many">more than {TOO_MANY} a day are too many</span>}
    />
  )
}

/** px for the label of a day. */
const DAY_ROOM = 60
