import type { Argv } from 'yargs'
import { type EventTypeShape, eventSettingsShape, eventTypesShape } from '../../schema/api/index.ts'
import {
  conditionsOf,
  type EventRule,
  OperatorError,
  scopeKey,
  strongestFirst,
  typeMatcher,
  typeState,
} from '../../schema/index.ts'
import { settingsNumber } from '../../schema/wire/index.ts'
import { AnswerError, type IndexerClient, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, writeLines } from './output.ts'
import { table } from './table.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List every event type, whether it is recorded, and the rule that decides',
      (list) =>
        list.option('integration', {
          alias: 'i',
          type: 'string',
          requiresArg: true,
          describe: 'Only types of this integration',
        }),
      (given) => list(given),
    )
    .command(
      'off <types..>',
      'Stop recording these events',
      (cli) => withTypes(cli),
      (given) => change(given, 'off'),
    )
    .command(
      'on <types..>',
      'Record these events',
      (cli) => withTypes(cli),
      (given) => change(given, 'on'),
    )
    .command(
      'default <types..>',
      'Undo on and off',
      (cli) => withTypes(cli),
      (given) => change(given, null),
    )
    .epilogue(
      closing(
        [
          ['waybill events off erp.record.viewed', 'Stop recording views of records'],
          ["waybill events on erp.record.viewed --entity 'Financial Record'", 'Except for these'],
          ["waybill events off 'clockify.*' --user import-bot", "One user's events of a whole system"],
          [
            "waybill events --json | jq -r 'select(.recorded | not) | .id'",
            'Types that are off, apart from exceptions',
          ],
        ],
        'Agents apply a change with their next heartbeat. Rules in agent.yml take precedence: `waybill-agent status` shows them.\n\n' +
          'Exit codes: 0 done; 1 refused, for example for a mandatory type; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such event type.',
      ),
    )
}

const withTypes = <Base>(cli: Argv<Base>) =>
  cli
    .positional('types', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: "As the list shows them, or groups such as 'erp.*'",
    })
    .option('entity', {
      type: 'string',
      requiresArg: true,
      describe: 'Only of entities (or modules) of this type',
    })
    .option('user', { type: 'string', requiresArg: true, describe: 'Only of this user: name, id or address' })
    .option('host', { type: 'string', requiresArg: true, describe: 'Only on this host' })

interface Given extends ConnectionGiven {
  readonly json: boolean
}

interface ChangeGiven extends Given {
  readonly types: readonly string[]
  readonly entity?: string | undefined
  readonly user?: string | undefined
  readonly host?: string | undefined
}

const jsonText = (object: unknown): string =>
  process.stdout.isTTY ? harmlessJson(JSON.stringify(object)) : JSON.stringify(object)

async function list(given: Given & { readonly integration?: string | undefined }): Promise<void> {
  const { types, version } = understood(eventTypesShape, await connect(given).json('/v1/event-types'))
  const known = [...new Set(types.map(({ integration }) => integration))]
  if (given.integration !== undefined && !known.includes(given.integration)) {
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no integration ${harmless(given.integration)} with event types; there are ${known.join(', ')}`,
      { exitCode: EXIT.notFound },
    )
  }
  const shown = types.filter(
    ({ integration }) => given.integration === undefined || integration === given.integration,
  )
  if (given.json) return writeLines(shown.map(jsonText))
  const rows = shown.flatMap(rowsOf)
  const head = ['EVENT TYPE', 'TITLE', 'GROUP', 'RECORDED', 'BY']
  await writeLines([
    ...table(head, rows, terminalWidth(), paintFor(process.stdout)),
    `Central settings, version ${harmless(settingsNumber(version))}.`,
  ])
}

/** A type, and a line below for each exception. */
function rowsOf({ id, title, group, mandatory, recorded, ruling, exceptions }: EventTypeShape): string[][] {
  const by = mandatory ? 'mandatory' : ruling === null ? 'default' : `rule ${ruling.event}`
  return [
    [id, title, group, recorded ? 'on' : 'off', by],
    ...exceptions.map((rule) => ['', `  ${forWhom(rule)}`, '', rule.record, `rule ${rule.event}`]),
  ]
}

const forWhom = (rule: EventRule): string =>
  conditionsOf(rule)
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ')

/** The number of attempts: if others change the settings at the same time, the change is applied to theirs. */
const ATTEMPTS = 5

async function change(given: ChangeGiven, record: 'on' | 'off' | null): Promise<void> {
  const client = connect(given)
  const { types: known } = understood(eventTypesShape, await client.json('/v1/event-types'))
  const { entity, user, host } = given
  for (const event of given.types) await checkKnown(event, known)
  const rules = given.types.map(
    (event): EventRule => ({
      event,
      ...(entity === undefined ? {} : { entity }),
      ...(user === undefined ? {} : { user }),
      ...(host === undefined ? {} : { host }),
      record: record ?? 'on',
    }),
  )
  const { version, before, after } = await put(client, (events) =>
    rules.reduce((all, rule) => changed(all, rule, record), events),
  )
  const lines = rules.map((rule) => {
    const same = recordOf(before, rule) === recordOf(after, rule)
    if (given.json) return jsonText({ ...rule, record, version, changed: !same })
    const what = record === null ? 'follows its integration and the other rules' : `is ${record}`
    const whom = conditionsOf(rule).length === 0 ? '' : ` for ${forWhom(rule)}`
    return harmless(
      `${rule.event} ${what}${whom}${same ? ' already' : ''} (version ${settingsNumber(version)}).`,
    )
  })
  if (!given.json && record !== null) lines.push(...rules.flatMap((rule) => othersOf(rule, known, after)))
  await writeLines(lines)
}

const recordOf = (rules: readonly EventRule[], rule: EventRule): EventRule['record'] | null =>
  rules.find((other) => scopeKey(other) === scopeKey(rule))?.record ?? null

function changed(
  events: readonly EventRule[],
  rule: EventRule,
  record: EventRule['record'] | null,
): readonly EventRule[] {
  if (recordOf(events, rule) === record) return events
  const others = events.filter((other) => scopeKey(other) !== scopeKey(rule))
  return record === null ? others : [...others, rule]
}

/** Lists the types that a group's rule does not affect, because a more exact rule differs. */
function othersOf(rule: EventRule, known: readonly EventTypeShape[], after: readonly EventRule[]): string[] {
  if (conditionsOf(rule).length > 0) return []
  const means = typeMatcher(rule.event)
  const ranked = strongestFirst(after)
  return known
    .filter(({ id, mandatory }) => means(id) && !mandatory)
    .flatMap((type) => {
      const { recorded, ruling } = typeState({ ...type, recorded: type.default }, ranked)
      if (recorded === (rule.record === 'on')) return []
      return [harmless(`${type.id} stays ${recorded ? 'on' : 'off'}, because of the rule ${ruling?.event}.`)]
    })
}

async function checkKnown(event: string, known: readonly EventTypeShape[]): Promise<void> {
  const meant = known.filter(({ id }) => typeMatcher(event)(id))
  if (meant.length === 0) {
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no event type ${harmless(event)}${await hintFor(event, known)}`,
      {
        exitCode: EXIT.notFound,
      },
    )
  }
  if (meant.every(({ mandatory }) => mandatory)) {
    throw new OperatorError(
      'WB-MANDATORY',
      `${harmless(event)} is mandatory: it is always recorded, and can't be switched off`,
    )
  }
}

/** Suggests what was meant: a type with a similar name, or types that contain its last part. */
async function hintFor(event: string, known: readonly EventTypeShape[]): Promise<string> {
  const { closest } = await import('../../config/index.ts')
  const ids = known.map(({ id }) => id)
  const near = closest(event, ids)
  if (near !== undefined) return `; did you mean ${near}?`
  const last = event.split('.').at(-1) ?? event
  const alike = ids.filter((id) => last.length > 2 && id.includes(last))
  const such = alike.length === 0 ? '' : `, such as ${alike.slice(0, 3).join(', ')}`
  return `; \`waybill events\` lists them${such}`
}

async function put(
  client: IndexerClient,
  next: (events: readonly EventRule[]) => readonly EventRule[],
): Promise<{ version: string; before: readonly EventRule[]; after: readonly EventRule[] }> {
  for (let attempt = 1; ; attempt++) {
    const current = understood(eventSettingsShape, await client.json('/v1/settings/events'))
    const events = next(current.events)
    if (events === current.events) return { version: current.version, before: events, after: events }
    try {
      const answer = await client.json('/v1/settings/events', {
        method: 'PUT',
        body: { events },
        ifMatch: current.version,
      })
      const { version } = understood(eventSettingsShape, answer)
      return { version, before: current.events, after: events }
    } catch (error) {
      if (!(error instanceof AnswerError) || error.status !== 412 || attempt === ATTEMPTS) throw error
    }
  }
}
