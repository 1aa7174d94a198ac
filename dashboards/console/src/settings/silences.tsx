import { type FormEvent, useState } from 'react'
import { PRIORITIES } from '../alerts/signs.tsx'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { List } from '../frame/list.tsx'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { Field } from '../rules/field.tsx'
import { Panel } from '../screens/panel.tsx'
import { useMay } from '../session/session.tsx'
import { When } from '../time/when.tsx'
import { Confirm } from './confirm.tsx'
import { type Act, useAct } from './use-act.ts'

type Silence = Answer<'getSilences'>['silences'][number]

/** Times without messages about some alerts; the alerts themselves go on. */
export function Silences() {
  const { data, error, isPending } = useAsk('getSilences', {})
  const act = useAct('getSilences')
  const may = useMay('respond')
  if (isPending) return <Loading />
  if (data === undefined) return <Failed problem={error} />
  const now = Date.now()
  return (
    <>
      {may && <NewSilence act={act} />}
      <Refused why={act.problem} />
      {data.silences.length === 0 ? (
        <Empty title="No silences.">
          A silence stops messages about some alerts until a time, such as during maintenance. The alerts
          themselves are still raised.
        </Empty>
      ) : (
        <List
          label="Silences"
          rows={data.silences}
          keyOf={({ id }) => id}
          columns={[
            { name: 'About', of: (silence) => <bdi>{aboutOf(silence)}</bdi> },
            { name: 'State', of: ({ from, until }) => <Standing from={from} until={until} now={now} /> },
            { name: 'From', kind: 'time', of: ({ from }) => <When at={from} /> },
            { name: 'Until', kind: 'time', of: ({ until }) => <When at={until} /> },
            { name: 'Reason', of: ({ reason }) => <bdi>{reason}</bdi> },
            { name: 'By', of: ({ by }) => <bdi>{by}</bdi> },
            {
              name: 'Actions',
              kind: 'acts',
              of: ({ id, until }) =>
                may &&
                until > now && (
                  <Confirm
                    label="End"
                    title="End this silence?"
                    onConfirmed={() => void act.run('deleteSilencesId', { params: { id } })}
                  >
                    Messages about these alerts are sent again from now on.
                  </Confirm>
                ),
            },
          ]}
        />
      )}
    </>
  )
}

function Standing({ from, until, now }: { from: number; until: number; now: number }) {
  const [sign, word] =
    until <= now ? ['', 'ended'] : from > now ? ['', 'begins later'] : ['warning', 'active']
  return <span className={`sign ${sign}`}>{word}</span>
}

function aboutOf({ about }: Silence): string {
  const { rules, channels, users, addresses, 'up-to': upTo } = about
  const parts = [
    ['rules', rules],
    ['channels', channels],
    ['users', users],
    ['addresses', addresses],
  ] as const
  const named = parts.flatMap(([name, values]) =>
    values === undefined ? [] : [`${name}: ${values.join(', ')}`],
  )
  if (upTo !== undefined) named.push(`up to ${upTo}`)
  return named.length === 0 ? 'all alerts' : named.join('; ')
}

const LASTS = [
  { hours: 1, name: 'an hour' },
  { hours: 4, name: '4 hours' },
  { hours: 24, name: 'a day' },
  { hours: 168, name: 'a week' },
  { hours: 720, name: '30 days' },
] as const
const HOUR = 3_600_000

const namesIn = (text: string): string[] | undefined => {
  const names = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return names.length === 0 ? undefined : names
}

function NewSilence({ act }: { act: Act }) {
  const rules = useAsk('getRules', {}).data?.rules ?? []
  const [rule, setRule] = useState('')
  const [users, setUsers] = useState('')
  const [addresses, setAddresses] = useState('')
  const [channels, setChannels] = useState('')
  const [upTo, setUpTo] = useState('')
  const [hours, setHours] = useState(1)
  const [reason, setReason] = useState('')
  const send = async (submit: FormEvent): Promise<void> => {
    submit.preventDefault()
    const about = {
      rules: rule === '' ? undefined : [rule],
      users: namesIn(users),
      addresses: namesIn(addresses),
      channels: namesIn(channels),
      'up-to': PRIORITIES.find((one) => one === upTo),
    }
    const done = await act.run('postSilences', { body: { about, until: Date.now() + hours * HOUR, reason } })
    if (done === null) return
    for (const clear of [setRule, setUsers, setAddresses, setChannels, setUpTo, setReason]) clear('')
  }
  return (
    <Panel title="New silence">
      <form className="silence-form" aria-label="New silence" onSubmit={send}>
        <Field label="Rule">
          <select value={rule} onChange={({ target }) => setRule(target.value)}>
            <option value="">All rules</option>
            {rules.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Priority">
          <select value={upTo} onChange={({ target }) => setUpTo(target.value)}>
            <option value="">All priorities</option>
            {PRIORITIES.slice(0, -1).map((one) => (
              <option key={one} value={one}>
                {one === 'low' ? 'low' : `${one} or lower`}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Users" hint="separated by commas; none means all">
          <input value={users} onChange={({ target }) => setUsers(target.value)} />
        </Field>
        <Field label="Addresses" hint="separated by commas; none means all">
          <input value={addresses} onChange={({ target }) => setAddresses(target.value)} />
        </Field>
        <Field label="Channels" hint="separated by commas; none means all">
          <input value={channels} onChange={({ target }) => setChannels(target.value)} />
        </Field>
        <Field label="For">
          <select value={hours} onChange={({ target }) => setHours(Number(target.value))}>
            {LASTS.map((one) => (
              <option key={one.hours} value={one.hours}>
                {one.name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Reason">
          <input value={reason} maxLength={500} required onChange={({ target }) => setReason(target.value)} />
        </Field>
        <div className="buttons">
          <button type="submit" disabled={act.busy}>
            Silence
          </button>
        </div>
      </form>
    </Panel>
  )
}
