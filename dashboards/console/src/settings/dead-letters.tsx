import { useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { visible } from '../entry/visible.ts'
import { Dialog } from '../frame/dialog.tsx'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { useMay } from '../session/session.tsx'
import { bytes, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { Confirm } from './confirm.tsx'
import { useAct } from './use-act.ts'

export function DeadLetters() {
  const [after, setAfter] = useState<string | undefined>(undefined)
  const { data, error, isPending } = useAsk('getDeadLetters', { query: { limit: '100', after } })
  const mayManage = useMay('dead-letters')
  const act = useAct()
  const [shown, setShown] = useState<string | null>(null)
  const [told, setTold] = useState<string | null>(null)
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  if (data.letters.length === 0)
    return (
      <Empty title="No dead letters.">
        Events that the store refuses are listed here with the reason. Waybill never discards them by itself.
      </Empty>
    )
  const replay = async (id: string): Promise<void> => {
    const done = await act.run('postDeadLettersIdReplay', { params: { id } })
    if (done !== null)
      setTold(
        done.answer.stored
          ? 'The event is stored.'
          : `The store refused it again: ${done.answer.reason ?? 'no reason given'}`,
      )
  }
  return (
    <>
      <p className="quiet" role="status">
        {told ?? act.problem ?? `${figure(data.total)} in all, newest first.`}
      </p>
      <List
        label="Dead letters"
        rows={data.letters}
        keyOf={({ id }) => id}
        columns={[
          { name: 'When', of: ({ at }) => <When at={at} relative /> },
          { name: 'Kind', of: ({ kind }) => <span className="sign error">{kind}</span> },
          { name: 'Reason', of: ({ reason }) => <bdi>{reason}</bdi> },
          { name: 'Source', of: ({ source }) => <bdi>{source}</bdi> },
          {
            name: 'Actions',
            kind: 'acts',
            of: ({ id }) => (
              <>
                <button type="button" onClick={() => setShown(id)}>
                  Read
                </button>
                {mayManage && (
                  <>
                    <button type="button" disabled={act.busy} onClick={() => void replay(id)}>
                      Replay
                    </button>
                    <Confirm
                      label="Discard"
                      title="Discard this dead letter?"
                      onConfirmed={() => void act.run('deleteDeadLettersId', { params: { id } })}
                    >
                      The event is lost for good. The audit trail records that you discarded it.
                    </Confirm>
                  </>
                )}
              </>
            ),
          },
        ]}
      />
      {data.next !== null && (
        <button type="button" onClick={() => setAfter(data.next ?? undefined)}>
          Older ones
        </button>
      )}
      {shown !== null && <Letter id={shown} onClose={() => setShown(null)} />}
    </>
  )
}

function Letter({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = useAsk('getDeadLettersId', { params: { id } })
  return (
    <Dialog title="Dead letter" wide onClose={onClose}>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed problem={error} />
        )
      ) : (
        <>
          <p>
            <bdi>{data.reason}</bdi>
          </p>
          <p className="quiet">
            {bytes(data.bytes)}, event {data.eventId}, waybill {data.sequence} of {data.agent}, position{' '}
            {data.position}
          </p>
          {data.whole !== undefined && (
            <p>
              Only its beginning is stored, since the cluster accepts no more.
              {data.whole.at !== null && (
                <>
                  {' '}
                  The agent read it from <bdi>{data.whole.at.path}</bdi>, between bytes {data.whole.at.from}{' '}
                  and {data.whole.at.to}.
                </>
              )}
            </p>
          )}
          <pre className="original">{visible(data.line)}</pre>
        </>
      )}
    </Dialog>
  )
}
