import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { counted } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { useAct } from './use-act.ts'

type Channel = Answer<'getChannels'>['channels'][number]
type Target = Channel['targets'][number]
type Result = Answer<'postChannelsNameTest'>['results'][number]

/** Whom alerts reach, and whether that works. The channels themselves are settings of indexer.yml. */
export function Channels() {
  const { data, error, isPending } = useAsk('getChannels', {})
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  const rotas = Object.entries(data.onCall)
  return (
    <>
      <p className="lead">
        A rule names its channels, and <code>channels</code> in indexer.yml says where each leads. The channel
        in-app is the bell of this console.
      </p>
      {data.unknown.length > 0 && (
        <p className="warning-line" role="status">
          Rules name channels that are not in indexer.yml, so their alerts reach nobody there:{' '}
          <bdi>{data.unknown.join(', ')}</bdi>.
        </p>
      )}
      {rotas.length > 0 && (
        <p>
          On call now:{' '}
          {rotas.map(([rota, who], index) => (
            <span key={rota}>
              {index > 0 && ', '}
              <bdi>{who}</bdi> <span className="quiet">({rota})</span>
            </span>
          ))}
        </p>
      )}
      {data.channels.length === 0 ? (
        <Empty title="No channels yet.">
          Alerts are shown here only. Add channels to indexer.yml to reach people by mail, chat or a pager.
        </Empty>
      ) : (
        data.channels.map((channel) => <One key={channel.name} channel={channel} />)
      )}
    </>
  )
}

const SIGN = { working: 'ok', failing: 'error', unused: '' } as const

function One({ channel: { name, targets } }: { channel: Channel }) {
  const mayTest = useMay('settings')
  const act = useAct('getChannels')
  const [results, setResults] = useState<readonly Result[] | null>(null)
  const test = async (): Promise<void> => {
    setResults(null)
    const done = await act.run('postChannelsNameTest', { params: { name } })
    if (done !== null) setResults(done.answer.results)
  }
  return (
    <Panel
      title={name}
      beside={
        mayTest && (
          <button type="button" disabled={act.busy} onClick={() => void test()}>
            {act.busy ? 'Sending …' : 'Send a test'}
          </button>
        )
      }
    >
      <Refused why={act.problem} />
      {results !== null && (
        <ul className="rows" role="status" aria-label={`Results of the test of ${name}`}>
          {results.map(({ target, to, sent, reason }) => (
            <li key={`${target} ${to}`}>
              <span className={`sign ${sent ? 'ok' : 'error'}`}>{sent ? 'sent' : 'not sent'}</span>
              <bdi>{to === '' ? target : `${target} ${to}`}</bdi>
              {reason !== null && (
                <span className="problem">
                  <bdi>{reason}</bdi>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      <List
        label={`Targets of ${name}`}
        rows={targets}
        keyOf={(target) => target.name}
        columns={[
          { name: 'Target', of: (target) => <bdi>{target.name}</bdi> },
          { name: 'Where', of: ({ about }) => <bdi>{about}</bdi> },
          {
            name: 'State',
            of: ({ state, reason }) => (
              <>
                <span className={`sign ${SIGN[state]}`}>{state}</span>{' '}
                {reason !== null && (
                  <span className="problem small">
                    <bdi>{reason}</bdi>
                  </span>
                )}
              </>
            ),
          },
          { name: 'Last sent', of: ({ sent }) => (sent === null ? 'never' : <When at={sent} relative />) },
          { name: 'Messages', of: messagesOf },
        ]}
      />
    </Panel>
  )
}

function messagesOf({ waiting, held, failed }: Target): string {
  const parts = [
    ...(waiting > 0 ? [`${counted(waiting, 'message')} waiting`] : []),
    ...(held > 0 ? [`${held} held`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return parts.length === 0 ? 'none waiting' : parts.join(', ')
}
