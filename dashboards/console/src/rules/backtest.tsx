import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
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
      <DayChart perDay={perDay} most={most} />
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

function DayChart({ perDay, most }: { perDay: Answered['perDay']; most: number }) {
  const scale = Math.max(most, 1)
  const width = 1000 / Math.max(1, perDay.length)
  const line = TOO_MANY <= scale ? HEIGHT - (TOO_MANY / scale) * (HEIGHT - 4) : null
  return (
    <figure className="timeline">
      <svg
        viewBox={`0 0 1000 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Alerts by day: ${
          perDay
            .filter(({ alerts }) => alerts > 0)
            .map(({ day, alerts }) => `${day} ${alerts}`)
            .join(', ') || 'none'
        }`}
        style={{ height: HEIGHT }}
      >
        {perDay.map(({ day, alerts }, index) => {
          const tall = alerts === 0 ? 0 : Math.max(2, (alerts / scale) * (HEIGHT - 4))
          return (
            <g key={day}>
              <title>{`${day}: ${figure(alerts)}`}</title>
              <rect className="hover" x={index * width} y={0} width={width} height={HEIGHT} />
              <rect
                className={alerts > TOO_MANY ? 'bar marked' : 'bar'}
                x={index * width}
                y={HEIGHT - tall}
                width={width - 2}
                height={tall}
              />
            </g>
          )
        })}
        {line !== null && <line className="too-many" x1={0} x2={1000} y1={line} y2={line} />}
      </svg>
      <figcaption>
        <span>{perDay[0]?.day}</span>
        <span>{perDay.at(-1)?.day}</span>
      </figcaption>
    </figure>
  )
}
