import { basename } from 'node:path'
import { conditionsOf } from '../../schema/index.ts'
import { settingsNumber } from '../../schema/wire/index.ts'
import type { AgentStatus } from '../agent.ts'
import type { EventException, RuleOrigin, TypeStatus } from '../event-status.ts'
import { harmless, table } from './table.ts'

/** Which events are recorded, and what says so: of all types, or of those only for which anybody has said something. */
export function eventsText(status: Pick<AgentStatus, 'settings' | 'events'>, all: boolean): string[] {
  const { version, problem } = status.settings
  const lines = [
    version === null
      ? 'Central settings: none were had from an indexer yet.'
      : `Central settings: version ${settingsNumber(version)}.`,
  ]
  if (problem !== null) lines.push(`PROBLEM: ${harmless(problem)} The settings before it go on.`)
  for (const { input, integration, types } of status.events) {
    const off = types.filter(({ recorded }) => !recorded).length
    const shown = types.filter((type) => all || wasSwitched(type))
    const is = off === 1 ? 'event type is' : 'event types are'
    lines.push(`${harmless(input)} (${integration}): ${off} of ${types.length} ${is} off.`)
    if (shown.length > 0) lines.push(table(['EVENT TYPE', 'RECORDED', 'SAID BY'], shown.flatMap(rowsOf)))
  }
  return lines
}

const wasSwitched = ({ recorded, from, exceptions }: TypeStatus): boolean =>
  !recorded || exceptions.length > 0 || from.kind === 'central' || from.kind === 'local'

const rowsOf = ({ id, recorded, from, exceptions }: TypeStatus): string[][] => [
  [id, recorded ? 'on' : 'off', originText(from)],
  ...exceptions.map((exception) => [`  ${forWhom(exception)}`, exception.record, originText(exception.from)]),
]

const forWhom = (exception: EventException): string =>
  conditionsOf({ ...exception, event: '' })
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ')

function originText(from: RuleOrigin): string {
  switch (from.kind) {
    case 'mandatory':
    case 'default':
      return from.kind
    case 'central':
      return `central version ${settingsNumber(from.version)}, ${from.event}`
    case 'local':
      return `${basename(from.file)}:${from.line}, ${from.event}`
  }
}
