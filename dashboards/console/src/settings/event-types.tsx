import { useState } from 'react'
import type { Answer } from '../api/ask.ts'
import { useAsk } from '../api/use-ask.ts'
import { is } from '../events/question.ts'
import { Empty, Failed, Loading, Refused } from '../frame/states.tsx'
import { useMay } from '../session/session.tsx'
import { counted, figure } from '../time/format.ts'
import { useAct } from './use-act.ts'

type Type = Answer<'getEventTypes'>['types'][number]
type Rule = Answer<'getSettingsEvents'>['events'][number]

/** The recorded events: per type, and per entity, user or host if a rule names one. */
export function EventTypes() {
  const types = useAsk('getEventTypes', {})
  const rules = useAsk('getSettingsEvents', {})
  const may = useMay('settings')
  const act = useAct()
  const [looked, setLooked] = useState('')
  if (types.isPending || rules.isPending) return <Loading rows={12} />
  if (types.data === undefined) return <Failed problem={types.error} />
  if (rules.data === undefined) return <Failed problem={rules.error} />
  const { version, events } = rules.data
  const put = (next: readonly Rule[]): void =>
    void act.run('putSettingsEvents', { body: { events: [...next] }, ifMatch: version })
  const shown = types.data.types.filter(({ id, title, system }) =>
    `${id} ${title} ${system}`.toLowerCase().includes(looked.toLowerCase()),
  )
  const systems = Map.groupBy(shown, ({ system }) => system)
  return (
    <>
      <p className="actions">
        <input
          type="search"
          aria-label="Find an event type"
          placeholder="Find an event type"
          value={looked}
          onChange={({ target }) => setLooked(target.value)}
        />
        <span className="quiet">
          {figure(types.data.types.filter(({ recorded }) => recorded).length)} of{' '}
          {figure(types.data.types.length)} are recorded. A change is saved at once, and agents follow with
          their next heartbeat.
        </span>
      </p>
      <p className="quiet small">
        If a host’s own agent.yml has rules under <code>events</code>, they count more than these settings:{' '}
        <code>waybill-agent status</code> shows them there.
      </p>
      <Refused why={act.problem} />
      {shown.length === 0 && <Empty title="No event type has this name." />}
      {[...systems].map(([system, members]) => (
        <System
          key={`${system} ${looked !== ''}`}
          name={system}
          types={members}
          open={looked !== ''}
          disabled={!may || act.busy}
          onSwitch={(id, on, entity) => put(switched(events, id, on, entity))}
        />
      ))}
      <Exceptions rules={events} may={may && !act.busy} types={types.data.types} onChange={put} />
    </>
  )
}

interface SystemProps {
  readonly name: string
  readonly types: readonly Type[]
  readonly open: boolean
  readonly disabled: boolean
  readonly onSwitch: (id: string, on: boolean, entity?: string) => void
}

/** The event types of one audited system, in its own groups. */
function System({ name, types, open, disabled, onSwitch }: SystemProps) {
  const recorded = types.filter((type) => type.recorded).length
  const [isOpen, setOpen] = useState(open)
  return (
    <details
      className="panel types"
      open={open}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <h2>{name}</h2>
        <span className="quiet">
          {recorded === types.length
            ? `all ${figure(recorded)}`
            : `${figure(recorded)} of ${figure(types.length)}`}{' '}
          recorded
        </span>
      </summary>
      <div className="type-groups">
        {[...Map.groupBy(types, ({ group }) => group)].map(([group, members]) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul>
              {members.map((type) => (
                <TypeRow
                  key={type.id}
                  type={type}
                  disabled={disabled}
                  onSwitch={(on) => onSwitch(type.id, on)}
                />
              ))}
            </ul>
          </section>
        ))}
        {types
          .filter(({ category, mandatory }) => isOpen && category === 'view' && !mandatory)
          .map((type) => (
            <ByEntity
              key={type.id}
              type={type}
              disabled={disabled}
              onSwitch={(entity, on) => onSwitch(type.id, on, entity)}
            />
          ))}
      </div>
    </details>
  )
}

/** Returns the rules with one rule for this type, or for one entity of it, in place of any earlier one. */
function switched(rules: readonly Rule[], id: string, on: boolean, entity?: string): Rule[] {
  const isSame = (rule: Rule): boolean =>
    rule.event === id &&
    isSameEntity(rule.entity, entity) &&
    rule.user === undefined &&
    rule.host === undefined
  return [
    ...rules.filter((rule) => !isSame(rule)),
    { event: id, ...(entity !== undefined && { entity }), record: on ? 'on' : 'off' },
  ]
}

const isSameEntity = (a: string | undefined, b: string | undefined): boolean =>
  a?.toLowerCase() === b?.toLowerCase()

const MOST_ENTITIES = 50

/** Views are many: which entities' views are recorded is chosen for each entity that the system has. */
function ByEntity(props: { type: Type; disabled: boolean; onSwitch: (entity: string, on: boolean) => void }) {
  const { type, disabled, onSwitch } = props
  const may = useMay('settings')
  const [another, setAnother] = useState('')
  const { data } = useAsk('postAggregate', {
    body: {
      q: is('event.module', type.integration),
      by: [{ kind: 'values', field: 'audit.entity.type', top: MOST_ENTITIES }],
    },
  })
  const rules = type.exceptions.filter(
    ({ entity, user, host }) => entity !== undefined && user === undefined && host === undefined,
  )
  const ruled = rules.flatMap(({ entity }) => (entity === undefined ? [] : [entity]))
  const seen = (data?.split?.buckets ?? []).map(({ key }) => String(key))
  const entities = [...seen, ...ruled.filter((name) => !seen.some((one) => isSameEntity(one, name)))]
  const isRecorded = (name: string): boolean => {
    const rule = rules.find(({ entity }) => isSameEntity(entity, name))
    return rule === undefined ? type.recorded : rule.record === 'on'
  }
  return (
    <section aria-label={`${type.title}, by entity`}>
      <h3>{type.title}, by entity</h3>
      <ul>
        {entities
          .toSorted((a, b) => a.localeCompare(b))
          .map((name) => (
            <li key={name}>
              <label>
                <input
                  type="checkbox"
                  checked={isRecorded(name)}
                  disabled={disabled}
                  onChange={({ target }) => onSwitch(name, target.checked)}
                />
                <bdi>{name}</bdi>
              </label>
              <span className="quiet small">
                {isRecorded(name) ? 'all views are recorded' : 'views are not recorded'}
              </span>
            </li>
          ))}
      </ul>
      {entities.length === 0 && <p className="quiet small">No event of this system names an entity yet.</p>}
      {may && (
        <form
          className="inline-form"
          onSubmit={(submit) => {
            submit.preventDefault()
            onSwitch(another, !type.recorded)
            setAnother('')
          }}
        >
          <input
            className="small"
            required
            aria-label={`Another entity: ${type.title}`}
            placeholder="Another entity"
            value={another}
            onChange={({ target }) => setAnother(target.value)}
          />
          <button type="submit" disabled={disabled}>
            {type.recorded ? 'Don’t record' : 'Record'}
          </button>
        </form>
      )}
    </section>
  )
}

function TypeRow({
  type,
  disabled,
  onSwitch,
}: {
  type: Type
  disabled: boolean
  onSwitch: (on: boolean) => void
}) {
  const { exceptions } = type
  return (
    <li>
      <label>
        <input
          type="checkbox"
          checked={type.recorded}
          disabled={disabled || type.mandatory}
          onChange={({ target }) => onSwitch(target.checked)}
        />
        <span>{type.title}</span>
      </label>
      <code className="quiet">{type.id}</code>
      {type.mandatory && <span className="quiet small">always recorded</span>}
      {exceptions.length > 0 && <span className="small">{counted(exceptions.length, 'exception')}</span>}
    </li>
  )
}

const CONDITIONS = ['entity', 'user', 'host'] as const
type Condition = (typeof CONDITIONS)[number]

interface ExceptionsProps {
  readonly rules: readonly Rule[]
  readonly types: readonly Type[]
  readonly may: boolean
  readonly onChange: (rules: readonly Rule[]) => void
}

function Exceptions({ rules, types, may, onChange }: ExceptionsProps) {
  const [event, setEvent] = useState('')
  const [condition, setCondition] = useState<Condition>('entity')
  const [name, setName] = useState('')
  const [record, setRecord] = useState<'on' | 'off'>('off')
  return (
    <section className="exceptions">
      <h2>Rules</h2>
      {rules.length === 0 ? (
        <p className="quiet">No rules yet: the integration of each type decides.</p>
      ) : (
        <ul className="rows">
          {rules.map((rule) => (
            <li key={JSON.stringify(rule)}>
              <span className={`sign ${rule.record === 'on' ? 'well' : 'silent'}`}>{rule.record}</span>{' '}
              <code>{rule.event}</code>
              {CONDITIONS.filter((one) => rule[one] !== undefined).map((one) => (
                <span key={one}>
                  {' '}
                  {one} <bdi>{rule[one]}</bdi>
                </span>
              ))}
              {may && (
                <button
                  type="button"
                  className="plain"
                  onClick={() => onChange(rules.filter((one) => one !== rule))}
                >
                  Remove
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {may && (
        <form
          className="inline-form"
          onSubmit={(submit) => {
            submit.preventDefault()
            onChange([...rules, { event, [condition]: name, record }])
            setName('')
          }}
        >
          <select
            aria-label="Recording"
            value={record}
            onChange={({ target }) => setRecord(target.value === 'on' ? 'on' : 'off')}
          >
            <option value="off">Don’t record</option>
            <option value="on">Record</option>
          </select>
          <select
            aria-label="Event type"
            value={event}
            onChange={({ target }) => setEvent(target.value)}
            required
          >
            <option value="">Choose a type …</option>
            {types
              .filter(({ mandatory }) => !mandatory)
              .map(({ id, system, title }) => (
                <option key={id} value={id}>
                  {system}: {title}
                </option>
              ))}
          </select>
          <select
            aria-label="Only for"
            value={condition}
            onChange={({ target }) =>
              setCondition(CONDITIONS.find((one) => one === target.value) ?? 'entity')
            }
          >
            {CONDITIONS.map((one) => (
              <option key={one} value={one}>
                for {one}
              </option>
            ))}
          </select>
          <input
            aria-label="Its name"
            placeholder="name"
            value={name}
            onChange={({ target }) => setName(target.value)}
            required
          />
          <button type="submit">Add the rule</button>
        </form>
      )}
    </section>
  )
}
