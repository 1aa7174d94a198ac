import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading } from '../frame/states.tsx'
import { Panel } from '../screens/panel.tsx'
import { counted, figure } from '../time/format.ts'
import { When } from '../time/when.tsx'

type Status = Answer<'getEvidence'>
type Log = Answer<'getLog'>

/** What proves that nothing was changed: what was verified last, the transparency log, and the places that keep its checkpoints. */
export function Evidence() {
  return (
    <>
      <p className="lead">
        Agents seal each event. The indexer verifies the seals again and again, and keeps a log of all sealed
        batches whose signed checkpoints go to places that nobody here can rewrite.
      </p>
      <Verified />
      <TransparencyLog />
    </>
  )
}

function Verified() {
  const { data, error, isPending } = useAsk('getEvidence', {}, { every: 60_000 })
  if (isPending) return <Loading rows={5} />
  if (data === undefined) return <Failed problem={error} />
  const { enabled, findings, more, problem } = data
  return (
    <Panel title="Verification" className="wide">
      {!enabled && (
        <p className="warning-line">
          The background verification is switched off in indexer.yml (<code>verify</code>).
        </p>
      )}
      {problem !== null && <p className="warning-line">{problem}</p>}
      <Passes of={data} />
      {findings.length === 0 ? (
        <p role="status">
          <span className="sign ok">nothing found</span> Nothing contradicts the seals.
        </p>
      ) : (
        <List
          label="Findings"
          rows={findings.map((one, number) => ({ ...one, number }))}
          keyOf={({ number }) => String(number)}
          columns={[
            { name: 'Found', kind: 'time', of: ({ at }) => <When at={at} /> },
            { name: 'What', of: ({ finding }) => <span className="sign error">{words(finding.kind)}</span> },
            { name: 'Where and how', of: ({ finding }) => <bdi>{finding.sentence}</bdi> },
          ]}
        />
      )}
      {more > 0 && <p className="quiet">{figure(more)} more are in the audit trail.</p>}
    </Panel>
  )
}

const words = (kind: string): string => kind.replaceAll('-', ' ')

function Passes({ of: { newest, whole, finished } }: { of: Status }) {
  return (
    <dl className="pairs">
      <dt>The newest day</dt>
      <dd>
        {newest === null ? (
          'not verified yet'
        ) : (
          <>
            {counted(newest.events, 'event')} in {counted(newest.waybills, 'waybill')},{' '}
            <When at={newest.at} relative />
          </>
        )}
      </dd>
      <dt>The whole store</dt>
      <dd>
        {finished === null ? (
          'not verified yet'
        ) : (
          <>
            {counted(finished.events, 'event')} in {counted(finished.waybills, 'waybill')},{' '}
            <When at={finished.at} relative />
          </>
        )}
        {whole !== null && (
          <span className="quiet">
            {' '}
            (a pass is under way since <When at={whole.begun} relative />: {counted(whole.events, 'event')} so
            far)
          </span>
        )}
      </dd>
    </dl>
  )
}

function TransparencyLog() {
  const { data, error, isPending } = useAsk('getLog', {}, { every: 60_000 })
  if (isPending) return <Loading rows={5} />
  if (data === undefined) return <Failed problem={error} />
  const { head, problem } = data
  return (
    <>
      <Panel title="Transparency log" className="wide">
        {problem !== null && <p className="warning-line">{problem}</p>}
        {head === null ? (
          <p className="quiet">The log is not open yet.</p>
        ) : (
          <dl className="pairs">
            <dt>Name</dt>
            <dd>
              <code>{head.origin}</code>
            </dd>
            <dt>Entries</dt>
            <dd>
              {figure(head.size)}, checkpoint signed <When at={head.at} relative />
            </dd>
            <dt>Root</dt>
            <dd>
              <code className="breakable">{head.root}</code>
            </dd>
            <dt>Keys</dt>
            <dd>
              {head.keys.map(({ key, until }) => (
                <div key={key}>
                  <code className="breakable">{shortened(key)}</code>
                  {until !== null && (
                    <span className="quiet">
                      {' '}
                      until <When at={until} />
                    </span>
                  )}
                </div>
              ))}
            </dd>
          </dl>
        )}
      </Panel>
      <Anchors of={data} />
    </>
  )
}

/** A key of ML-DSA has 1,312 bytes. */
const shortened = (key: string): string => (key.length > 120 ? `${key.slice(0, 100)} …` : key)

function Anchors({ of: { anchors, witness } }: { of: Log }) {
  return (
    <Panel title="Anchors" className="wide">
      {anchors.length === 0 ? (
        <Empty title="No anchors yet.">
          Somebody who has the store and its keys could rewrite its history. Name another indexer, a folder
          whose files nobody can change, a timestamp authority or a mailbox under{' '}
          <code>transparency-log.anchors</code> in indexer.yml.
        </Empty>
      ) : (
        <List
          label="Anchors"
          rows={anchors}
          keyOf={({ name }) => name}
          columns={[
            { name: 'Anchor', of: ({ name }) => <bdi>{name}</bdi> },
            {
              name: 'State',
              of: ({ problem, at }) =>
                problem !== null ? (
                  <span className="sign error">failing</span>
                ) : at === null ? (
                  <span className="sign">not used yet</span>
                ) : (
                  <span className="sign ok">works</span>
                ),
            },
            { name: 'Entries', kind: 'number', of: ({ size }) => (size === null ? '–' : figure(size)) },
            { name: 'Since', kind: 'time', of: ({ at }) => (at === null ? '–' : <When at={at} relative />) },
            { name: 'Problem', of: ({ problem }) => <bdi>{problem ?? ''}</bdi> },
          ]}
        />
      )}
      {witness !== null && (
        <p className="quiet small">
          This indexer is itself a witness of other logs. Its keys:{' '}
          {witness.keys.map((key) => (
            <code key={key} className="breakable">
              {shortened(key)}
            </code>
          ))}
        </p>
      )}
    </Panel>
  )
}
