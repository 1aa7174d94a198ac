import type { FieldName } from '../../schema/index.ts'
import { isField, namesIn } from './condition.ts'
import type { FormatName, Integration } from './integration.ts'

/** Fields that have no text of their own until an event is written, or none at all. */
const isUnasked = (name: string): boolean =>
  isField(name) && (name === 'audit.changes' || name === 'log.syslog.structured_data' || !isSaid(name))

/** All events of an input have these alike. */
const isSaid = (name: FieldName): boolean =>
  !(name.startsWith('agent.') || name === 'event.module' || name === 'event.dataset' || name === 'labels')

/** Whether the way over the bytes knows all that an integration asks of members; where it doesn't, every record goes the plain way. */
export function draftsDirectly(integration: Integration): boolean {
  const conditions = [
    ...integration.extract.flatMap(({ when }) => when ?? []),
    ...integration.events.map(({ when }) => when),
    ...integration.fields.flatMap(({ when }) => when ?? []),
  ]
  return (
    !conditions.flatMap(namesIn).some(isUnasked) &&
    !integration.identity.flat().some(isUnasked) &&
    !integration.outcome.some(isUnasked) &&
    integration.message.every((alternatives) => alternatives.every(isSaid))
  )
}

const IS_READ: Readonly<Record<FormatName, boolean>> = {
  json: true,
  journald: true,
  csv: true,
  cef: true,
  auditd: true,
  kv: false,
  regex: false,
  plain: true,
}

/** Whether it also reads the records where they stand: of most forms. */
export function readsDirectly(integration: Integration): boolean {
  return (
    integration.formats.some((format) => IS_READ[format]) &&
    (integration.join === null || integration.formats[0] === 'auditd') &&
    draftsDirectly(integration)
  )
}
