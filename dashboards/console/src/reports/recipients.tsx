import { useId } from 'react'
import { useAsk } from '../api/use-ask.ts'
import { useMay } from '../session/session.tsx'
import { Group } from './fields.tsx'
import type { Recipient } from './schedules.tsx'

const KINDS = {
  mail: 'Mail address',
  role: 'Each user of a role',
  channel: 'Channel',
  place: 'Place',
} as const
type Kind = keyof typeof KINDS
const ROLES = ['viewer', 'auditor', 'manager', 'admin'] as const

const kindOf = (one: Recipient): Kind =>
  'mail' in one ? 'mail' : 'role' in one ? 'role' : 'channel' in one ? 'channel' : 'place'

const nameOf = (one: Recipient): string =>
  'mail' in one ? one.mail : 'role' in one ? one.role : 'channel' in one ? one.channel : one.place

function recipient(kind: Kind, value: string): Recipient {
  switch (kind) {
    case 'mail':
      return { mail: value }
    case 'role':
      return { role: ROLES.find((one) => one === value) ?? 'auditor' }
    case 'channel':
      return { channel: value }
    case 'place':
      return { place: value }
  }
}

/** Who gets the reports of a schedule. */
export function Recipients({ to, onTo }: { to: readonly Recipient[]; onTo: (to: Recipient[]) => void }) {
  const names = useId()
  const channels = useAsk('getChannels', {}, { enabled: useMay('status') }).data?.channels ?? []
  const put = (at: number, one: Recipient | null): void =>
    onTo(to.flatMap((known, index) => (index !== at ? [known] : one === null ? [] : [one])))
  return (
    <Group label="Goes to" hint="Places are folders and buckets of reports.places in indexer.yml.">
      <datalist id={names}>
        {channels.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <ul className="recipients">
        {to.map((one, index) => {
          const kind = kindOf(one)
          const label = `${KINDS[kind]}, recipient ${index + 1}`
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a recipient that is being written has no other identity.
            <li key={index}>
              <select
                aria-label={`Kind of recipient ${index + 1}`}
                value={kind}
                onChange={({ target }) =>
                  put(
                    index,
                    recipient((Object.keys(KINDS) as Kind[]).find((k) => k === target.value) ?? 'mail', ''),
                  )
                }
              >
                {Object.entries(KINDS).map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
              {kind === 'role' ? (
                <select
                  aria-label={label}
                  value={nameOf(one)}
                  onChange={({ target }) => put(index, recipient(kind, target.value))}
                >
                  {ROLES.map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </select>
              ) : (
                <input
                  aria-label={label}
                  type={kind === 'mail' ? 'email' : 'text'}
                  required
                  placeholder={kind === 'mail' ? 'audit@company.example' : 'its name in indexer.yml'}
                  list={kind === 'channel' ? names : undefined}
                  value={nameOf(one)}
                  onChange={({ target }) => put(index, recipient(kind, target.value.trim()))}
                />
              )}
              <button
                type="button"
                className="plain"
                aria-label={`Remove recipient ${index + 1}`}
                onClick={() => put(index, null)}
              >
                ✕
              </button>
            </li>
          )
        })}
      </ul>
      <button type="button" onClick={() => onTo([...to, { mail: '' }])}>
        + Add recipient
      </button>
    </Group>
  )
}
