import { type ReactNode, useId, useState } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useMay } from '../session/session.tsx'
import { ConditionFields } from './condition-fields.tsx'
import { Field, textOf } from './field.tsx'
import { QueryFields } from './query-fields.tsx'
import type { Rows } from './query-rows.ts'

interface RuleFormProps {
  /** The top members of the YAML. */
  readonly values: Readonly<Record<string, unknown>>
  readonly enabled: boolean
  /** The query as rows, as the indexer reads it; null if rows can't show it, undefined while it is not known. */
  readonly rows: Rows | null | undefined
  readonly disabled: boolean
  readonly onValue: (key: string, value: unknown) => void
  readonly onEnabled: (enabled: boolean) => void
}

const PRIORITIES = ['low', 'medium', 'high', 'critical']
export const IN_APP = 'in-app'

/** The form of an alert: each field is one value of the YAML beside it. */
export function RuleForm({ values, enabled, rows, disabled, onValue, onEnabled }: RuleFormProps) {
  const { data } = useAsk('getFields', {})
  const fields = (data?.fields ?? []).map(({ name }) => name)
  const names = useId()
  const input = (key: string) => ({
    value: textOf(values[key]),
    onChange: ({ target }: { target: { value: string } }) => onValue(key, target.value),
  })
  return (
    <fieldset className="rule-form" disabled={disabled} aria-label="Alert">
      <datalist id={names}>
        {fields.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Part title="Alert details">
        <Field label="Name">
          <input {...input('name')} required />
        </Field>
        <Field label="Description">
          <textarea rows={2} {...input('about')} required />
        </Field>
        <Field label="Status">
          <select
            value={enabled ? 'active' : 'off'}
            onChange={({ target }) => onEnabled(target.value === 'active')}
          >
            <option value="active">Active</option>
            <option value="off">Off</option>
          </select>
        </Field>
      </Part>
      <Part title="Trigger conditions">
        <QueryFields
          query={textOf(values.query)}
          rows={rows}
          names={names}
          onQuery={(query) => onValue('query', query)}
        />
        <ConditionFields
          value={values.condition}
          names={names}
          onValue={(condition) => onValue('condition', condition)}
        />
        <GroupBy value={values['group-by']} names={names} onValue={(fields) => onValue('group-by', fields)} />
      </Part>
      <Part title="Notifications">
        <Channels value={values.channels} onValue={(channels) => onValue('channels', channels)} />
        <Field label="Priority">
          <select {...input('priority')}>
            {!PRIORITIES.includes(textOf(values.priority)) && <option>{textOf(values.priority)}</option>}
            {PRIORITIES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <Field label="Not again within" hint="for the same group: 10m, 1h, 1d">
          <input className="short" {...input('throttle')} />
        </Field>
      </Part>
      <Part title="Alert message">
        <Field label="Message" hint="{user.name}, {count} and any other field in braces">
          <textarea rows={3} {...input('message')} />
        </Field>
        <Field label="What to do">
          <textarea rows={3} {...input('response')} />
        </Field>
      </Part>
    </fieldset>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

const namesIn = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** A list in one line: what was typed stays as it is while it means the same list. */
function ListField(props: {
  readonly label: string
  readonly hint?: string
  readonly placeholder?: string
  readonly list?: string
  readonly items: readonly string[]
  readonly onItems: (items: string[]) => void
}) {
  const { label, hint, items, onItems } = props
  const [typed, setTyped] = useState('')
  const same = namesIn(typed).join() === items.join()
  return (
    <Field label={label} {...(hint !== undefined && { hint })}>
      <input
        value={same ? typed : items.join(', ')}
        placeholder={props.placeholder}
        list={props.list}
        onChange={({ target }) => {
          setTyped(target.value)
          onItems(namesIn(target.value))
        }}
      />
    </Field>
  )
}

function GroupBy({
  value,
  names,
  onValue,
}: {
  value: unknown
  names: string
  onValue: (fields: string[]) => void
}) {
  const fields: unknown[] = Array.isArray(value) ? value : []
  const texts = fields.filter((field) => typeof field === 'string')
  if (texts.length !== fields.length)
    return (
      <Field label="For each" hint="several names for one thing: change it in the YAML">
        <input value={textOf(value)} readOnly />
      </Field>
    )
  return (
    <ListField
      label="For each"
      hint="up to three fields; events with the same values are judged together"
      placeholder="user.name"
      list={names}
      items={texts}
      onItems={onValue}
    />
  )
}

/** Whom the rule tells: addresses, Slack channels, people in the console, and channels that have a name. */
function Channels({ value, onValue }: { value: unknown; onValue: (channels: string[]) => void }) {
  const answer = useAsk('getChannels', {}, { enabled: useMay('status') }).data
  const known = answer?.channels
  const names = useId()
  const all: string[] = Array.isArray(value) ? value.map(textOf) : []
  const isMail = (one: string): boolean => one.includes('@')
  const isSlack = (one: string): boolean => one.startsWith('#')
  const mails = all.filter(isMail)
  const slack = all.filter((one) => isSlack(one) && !isMail(one))
  const named = all.filter((one) => !isMail(one) && !isSlack(one) && one !== IN_APP)
  const inApp = all.includes(IN_APP)
  const isKnown = (one: string): boolean =>
    isMail(one) ? answer?.mail === true : (known ?? []).some(({ name }) => name === one.replace(/^#/, ''))
  const unknown = all.filter((one) => one !== IN_APP && !isKnown(one))
  const put = (next: { mails?: string[]; slack?: string[]; named?: string[]; inApp?: boolean }): void =>
    onValue([
      ...(next.named ?? named),
      ...((next.inApp ?? inApp) ? [IN_APP] : []),
      ...(next.mails ?? mails),
      ...(next.slack ?? slack),
    ])
  return (
    <>
      <datalist id={names}>
        {(known ?? []).map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <ListField
        label="Email"
        placeholder="soc@acme.example"
        items={mails}
        onItems={(items) =>
          put({ mails: items.filter(isMail), named: [...named, ...items.filter((one) => !isMail(one))] })
        }
      />
      <Field label="In-app">
        <span className="check">
          <input type="checkbox" checked={inApp} onChange={({ target }) => put({ inApp: target.checked })} />{' '}
          Send a notification
        </span>
      </Field>
      <ListField
        label="Slack"
        hint="a channel of indexer.yml that goes to Slack"
        placeholder="#security-alerts"
        items={slack}
        onItems={(items) => put({ slack: items.map((one) => (isSlack(one) ? one : `#${one}`)) })}
      />
      <ListField
        label="Channels"
        hint="names of the channels in indexer.yml"
        list={names}
        items={named}
        onItems={(items) => put({ named: items })}
      />
      {known !== undefined && unknown.length > 0 && (
        <p className="warning-line" role="status">
          <bdi>{unknown.join(', ')}</bdi> reaches nobody until indexer.yml has a channel of this name
          {unknown.some(isMail) && ', or mail for an address'}. The console shows the alerts in any case.
        </p>
      )}
    </>
  )
}
