import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { idOf, text as textAt } from '../events/event.ts'
import { Panel } from '../screens/panel.tsx'
import { When } from '../time/when.tsx'
import { Explanation } from './explanation.tsx'

/** Tests the rule on one event: one that its query finds, or any other by its id. */
export function EventTest({ text, query, isReady }: { text: string; query: string; isReady: boolean }) {
  const [event, setEvent] = useState('')
  const { data } = useAsk(
    'getSearch',
    { query: { q: query, from: 'now-30d', limit: '5' } },
    { enabled: isReady && query !== '' },
  )
  return (
    <Panel title="Test on an event">
      <div className="inline-form">
        <label className="field wide">
          <span>Event</span>
          <input
            value={event}
            placeholder="id of an event"
            onChange={({ target }) => setEvent(target.value.trim())}
            spellCheck={false}
          />
        </label>
      </div>
      {event === '' && (data?.events.length ?? 0) > 0 && (
        <ul className="rows" aria-label="Events that the query finds">
          {data?.events.map((one) => (
            <li key={idOf(one)}>
              <When at={textAt(one, '@timestamp')} />
              <bdi className="quiet">{textAt(one, 'message') || textAt(one, 'event.action')}</bdi>
              <button type="button" className="plain" onClick={() => setEvent(idOf(one))}>
                Test
              </button>
            </li>
          ))}
        </ul>
      )}
      {/^[\w-]{8,}$/.test(event) && isReady && <Explanation event={event} text={text} />}
    </Panel>
  )
}
