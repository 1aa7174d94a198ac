import { type ReactNode, useEffect, useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { type Event, text } from '../events/event.ts'
import { Failed, Loading } from '../frame/states.tsx'
import { seesAll, useWho } from '../session/session.tsx'
import { counted, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'
import { type Checked, check, type Proof, placeInLog, sealedIn } from './check-proof.ts'

/** The way of an event from the file on its host to places that the store's administrator can't rewrite, each step with what proves it. */
export function Custody({ event }: { event: Event }) {
  const proof = useAsk('getEventsIdProof', { params: { id: text(event, 'event.id') } })
  const { who } = useWho()
  const seesState = seesAll(who) && who.permissions.includes('status')
  const log = useAsk('getLog', {}, { enabled: seesState }).data
  const evidence = useAsk('getEvidence', {}, { enabled: seesState }).data
  const [checked, setChecked] = useState<Checked | null>(null)
  useEffect(() => {
    let isCurrent = true
    if (proof.data !== undefined)
      void check(proof.data).then((result) => {
        if (isCurrent) setChecked(result)
      })
    return () => {
      isCurrent = false
    }
  }, [proof.data])
  if (proof.isPending) return <Loading rows={5} />
  if (proof.data === undefined) return <Failed problem={proof.error} />
  const { agent, key, incarnation, sequence, events, created } = sealedIn(proof.data)
  const place = placeInLog(proof.data)
  const anchors = (log?.anchors ?? []).filter(
    ({ size }) => place !== null && size !== null && size > place.index,
  )
  const file = text(event, 'log.file.path')
  const offset = text(event, 'log.offset')
  return (
    <>
      <ol className="custody">
        <Step title="Recorded">
          {file === '' ? (
            <>The record came from {text(event, 'event.module') || 'its source'}</>
          ) : (
            <>
              In <code>{file}</code>
              {offset !== '' && ` at byte ${figure(Number(offset))}`}
            </>
          )}
          {text(event, 'host.name') !== '' && (
            <>
              {' '}
              on <bdi>{text(event, 'host.name')}</bdi>
            </>
          )}
          , <When at={text(event, '@timestamp')} />.
        </Step>
        <Step title="Sealed" state={checked?.signature}>
          By <bdi>{text(event, 'agent.name') || agent}</bdi>, <When at={created} />: event{' '}
          {figure(proof.data.position + 1)} of {figure(events)} in waybill {figure(sequence)}, signed with the
          key <code>{key}</code>. <Said checked={checked} />
          <span className="quiet small">
            {' '}
            Agent <code>{agent}</code>, incarnation <code>{incarnation}</code>
          </span>
        </Step>
        <Step title="Received">
          By the indexer, <When at={text(event, 'event.ingested')} />.
        </Step>
        <Step title="Logged">
          {place === null ? (
            'The transparency log does not say where.'
          ) : (
            <>
              Entry {figure(place.index)} of the transparency log <code>{place.origin}</code>, under a signed
              checkpoint over {counted(place.size, 'entry', 'entries')}.
            </>
          )}
        </Step>
        <Step title="Anchored">
          {log === undefined ? (
            'Your role does not show the anchors.'
          ) : anchors.length === 0 ? (
            log.anchors.length === 0 ? (
              'No anchor is set up: whoever has the store and its keys could write its history anew.'
            ) : (
              'No anchor has a checkpoint with this entry yet.'
            )
          ) : (
            <ul className="plain-list">
              {anchors.map(({ name, size, at }) => (
                <li key={name}>
                  <bdi>{name}</bdi> has a checkpoint over {counted(size ?? 0, 'entry', 'entries')}
                  {at !== null && (
                    <>
                      , since <When at={at} />
                    </>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Step>
        {evidence !== undefined && (
          <Step title="Verified">
            <LastVerified by={evidence} received={Date.parse(text(event, 'event.ingested'))} />
          </Step>
        )}
      </ol>
      <p>
        <button type="button" onClick={() => save(proof.data)}>
          Save the proof
        </button>
      </p>
      <p className="quiet small">
        The file proves this event to anybody who has the keys of the agent and of the log. The Python script
        docs/vectors/verify_proof.py checks it without Waybill.
      </p>
    </>
  )
}

function Step({
  title,
  state,
  children,
}: {
  title: string
  state?: boolean | null | undefined
  children: ReactNode
}) {
  const sign = state === true ? 'ok' : state === false ? 'error' : ''
  return (
    <li className={sign}>
      <strong>{title}</strong>
      <div>{children}</div>
    </li>
  )
}

/** When the indexer last computed it again. */
function LastVerified({
  by: { newest, whole, finished },
  received,
}: {
  by: Answer<'getEvidence'>
  received: number
}) {
  const passes = [
    ...(newest === null ? [] : [{ to: newest.to, from: newest.from, at: newest.at }]),
    ...(finished === null ? [] : [{ to: finished.to, from: null, at: finished.at }]),
    ...(whole === null ? [] : [{ to: whole.to, from: null, at: whole.begun }]),
  ]
  const its = passes.filter(
    ({ to, from }) => to !== null && received <= to && (from === null || received >= from),
  )
  if (its.length === 0)
    return 'Not yet: the newest events are verified within an hour, all others within a week.'
  return (
    <>
      The indexer computed its hash again <When at={Math.max(...its.map(({ at }) => at))} relative />.
    </>
  )
}

/** What this browser found, which does not rely on the indexer's word. */
function Said({ checked }: { checked: Checked | null }) {
  if (checked === null) return null
  const { line, signature } = checked
  if (line === null) return <span className="quiet">This browser can’t check it over plain http.</span>
  if (!line)
    return (
      <strong className="sign error">This event is not the one that was sealed: its hash differs.</strong>
    )
  if (signature === false)
    return <strong className="sign error">The signature does not fit the agent’s key.</strong>
  return (
    <span className="sign ok">
      {signature === true
        ? 'This browser has checked hash and signature.'
        : 'This browser has checked the hash; it can’t check the signature.'}
    </span>
  )
}

function save(proof: Proof): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([JSON.stringify(proof, null, 2)], { type: 'application/json' }))
  link.download = `${proof.event}.proof.json`
  link.click()
  URL.revokeObjectURL(link.href)
}
