import { useEffect, useRef, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { Link } from '../frame/link.tsx'
import { go } from '../frame/location.ts'
import { Popover } from '../frame/popover.tsx'
import { prefer, usePreferences } from '../frame/preferences.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { counted, figure } from '../time/format.ts'
import { AlertList } from './alert-list.tsx'
import { useSeen, useUnseen } from './unseen.ts'

/** How many alerts the reader has not seen; opened, it lists the newest. */
export function Bell() {
  const { notifies } = usePreferences()
  const { data } = useUnseen(notifies)
  const unseen = data?.unseen ?? 0
  useNotifications(data?.newest, notifies)
  return (
    <Popover
      name={unseen === 0 ? 'Alerts' : `Alerts: ${figure(unseen)} new`}
      className="bell"
      align="end"
      label={
        <>
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <path d="M4 14.5h12c-1.2-1.2-1.6-2.4-1.6-5A4.4 4.4 0 0 0 10 5a4.4 4.4 0 0 0-4.4 4.5c0 2.6-.4 3.8-1.6 5ZM8.3 16.8a1.8 1.8 0 0 0 3.4 0M10 5V3.2" />
          </svg>
          {unseen > 0 && <span className="bell-count">{unseen > 99 ? '99+' : unseen}</span>}
        </>
      }
    >
      {(close) => <Newest onClose={close} />}
    </Popover>
  )
}

function Newest({ onClose }: { onClose: () => void }) {
  const { data, error, isPending } = useAsk('getAlerts', { query: { state: 'open', limit: '5' } })
  useSeen(data?.unseen ?? 0)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only its links act.
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click.
    <div
      className="bell-list"
      onClick={({ target }) => target instanceof Element && target.closest('a') !== null && onClose()}
    >
      {isPending ? (
        <Loading rows={3} />
      ) : data === undefined ? (
        <Failed problem={error} />
      ) : data.alerts.length === 0 ? (
        <p className="quiet">No open alerts.</p>
      ) : (
        <AlertList alerts={data.alerts} />
      )}
      <p className="bell-foot">
        <Link to="/alerts">
          {data === undefined || data.total <= 5 ? 'All alerts' : `All ${counted(data.total, 'open alert')}`}
        </Link>
        <NotifyChoice />
      </p>
    </div>
  )
}

const canNotify = (): boolean => 'Notification' in window && window.isSecureContext

/** Whether the browser shows new alerts, also while another tab is in front. */
function NotifyChoice() {
  const { notifies } = usePreferences()
  const [refused, setRefused] = useState(canNotify() && Notification.permission === 'denied')
  if (!canNotify()) return null
  const choose = async (wanted: boolean): Promise<void> => {
    const granted = wanted && (await Notification.requestPermission()) === 'granted'
    setRefused(wanted && !granted)
    prefer({ notifies: granted })
  }
  return (
    <label className="check small">
      <input
        type="checkbox"
        checked={notifies && !refused}
        disabled={refused}
        onChange={({ target }) => void choose(target.checked)}
      />
      <span>{refused ? 'This browser blocks notifications from Waybill' : 'Browser notifications'}</span>
    </label>
  )
}

/** Shows each newer alert once. It says which rule fired, and nothing of the events: others may see the screen. */
function useNotifications(newest: Answer<'getAlertsUnseen'>['newest'] | undefined, notifies: boolean): void {
  const known = useRef<number | null>(null)
  useEffect(() => {
    if (newest === undefined) return
    const before = known.current
    known.current = Math.max(before ?? 0, newest?.raised ?? 0)
    // What was there when the page was opened is for the bell.
    const isNew = before !== null && newest !== null && newest.raised > before
    if (!isNew || !notifies || !canNotify() || Notification.permission !== 'granted') return
    try {
      // Of several tabs one is enough: the same tag replaces.
      const shown = new Notification(`${newest.priority}: ${newest.rule}`, {
        tag: newest.id,
        icon: '/mark.svg',
      })
      shown.onclick = () => {
        window.focus()
        go(`/alerts/${encodeURIComponent(newest.id)}`)
        shown.close()
      }
    } catch {
      // Browsers of phones show notifications of installed applications only; the bell counts them all the same.
    }
  }, [newest, notifies])
}
