import type { Argv } from 'yargs'
import {
  jobShape,
  PERIODS,
  ROLES,
  SCHEDULE_TEMPLATE_NAMES,
  SCHEDULE_TEMPLATES,
  type ScheduleBody,
  type ScheduleShape,
  scheduleBodySchema,
  scheduleShape,
  schedulesShape,
} from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, type Asked, understood } from './client.ts'
import { type ConnectionGiven, connect } from './connection.ts'
import { begunSentence } from './job-list.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { withPlace } from './question.ts'
import {
  type FilterGiven,
  filterOptions,
  filtersOf,
  formatOption,
  formatsOf,
  mailOf,
  partsOf,
} from './report-options.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const settings = {
  report: { type: 'string', requiresArg: true, describe: 'The report that it makes' },
  title: { type: 'string', requiresArg: true, describe: 'Its title, for people' },
  covers: {
    choices: PERIODS,
    requiresArg: true,
    describe: 'Each run covers the last such period that is over',
  },
  cron: {
    type: 'string',
    requiresArg: true,
    describe: 'When: minute, hour, day of the month, month, day of the week, as in "0 6 * * mon"',
  },
  format: formatOption,
  to: {
    type: 'string',
    requiresArg: true,
    describe: 'Who gets it, separated by commas: jane@acme.example, role:manager, channel:board, place:board',
  },
  enabled: { type: 'boolean', describe: 'With --no-enabled it does not run' },
  ...filterOptions,
} as const

const id = { type: 'string', demandOption: true, describe: 'The name of the schedule' } as const

export function scheduleCommands<Given extends { json: boolean }>(cli: Argv<Given>) {
  return cli
    .command(
      ['list', '$0'],
      'List the schedules',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'add <id>',
      'Make a schedule',
      (add) =>
        add
          .positional('id', id)
          .option('like', {
            choices: SCHEDULE_TEMPLATE_NAMES,
            requiresArg: true,
            describe: 'Begin with the settings of this template',
          })
          .options(settings),
      (given) => add(given),
    )
    .command(
      'change <id>',
      'Change a schedule; what is not named stays',
      (change) => change.positional('id', id).options(settings),
      (given) => change(given),
    )
    .command(
      'remove <id>',
      'Remove a schedule; its reports stay for their time',
      (remove) => remove.positional('id', id),
      (given) => remove(given),
    )
    .command(
      'run <id>',
      'Make its report now, and deliver it',
      (run) => run.positional('id', id),
      (given) => run(given),
    )
    .epilogue(
      closing(
        [
          [
            'waybill reports schedule add access --like monthly-access',
            'User access, on the first of each month',
          ],
          [
            'waybill reports schedule add security --like weekly-security --to role:admin,channel:board',
            'Each Monday',
          ],
          [
            'waybill reports schedule change access --cron "0 7 1 * *" --zone Europe/Berlin',
            'At another time',
          ],
        ],
        'Its reports show what you may see. Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such schedule.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}
interface Named extends Given {
  readonly id: string
}
interface SettingsGiven extends Named, FilterGiven {
  readonly report?: string | undefined
  readonly title?: string | undefined
  readonly covers?: (typeof PERIODS)[number] | undefined
  readonly cron?: string | undefined
  readonly format?: string | undefined
  readonly to?: string | undefined
  readonly enabled?: boolean | undefined
}

async function list(given: Given): Promise<void> {
  const { schedules } = understood(schedulesShape, await connect(given).json('/v1/report-schedules'))
  if (given.json) return writeLines(jsonLines(schedules))
  if (schedules.length === 0) {
    process.stderr.write(
      'There is no schedule; `waybill reports schedule add --help` shows how to make one.\n',
    )
    return
  }
  const head = ['SCHEDULE', 'TITLE', 'REPORT', 'COVERS', 'TIMES', 'NEXT (UTC)', 'LAST', 'BY', 'TO']
  await writeLines(table(head, schedules.map(rowOf), terminalWidth(), paintFor(process.stdout)))
}

const rowOf = ({ id, schedule, next, last, by, problem }: ScheduleShape): string[] => [
  id,
  schedule.title,
  schedule.report,
  schedule.covers,
  `${schedule.cron}${schedule.zone === undefined ? '' : ` (${schedule.zone})`}`,
  problem !== null
    ? `does not run: ${problem}`
    : next === null
      ? 'off'
      : timeText(next).slice(0, 16).replace('T', ' '),
  last === null ? '' : `${last.state} ${timeText(last.at).slice(0, 10)}`,
  by,
  schedule.to.map(recipientText).join(', '),
]

function recipientText(one: ScheduleBody['to'][number]): string {
  if ('mail' in one) return one.mail
  if ('role' in one) return `role:${one.role}`
  return 'channel' in one ? `channel:${one.channel}` : `place:${one.place}`
}

const recipientsOf = (text: string): object[] =>
  partsOf(text).map((one) => {
    const [, kind, name] = /^(role|channel|place):(.+)$/.exec(one) ?? []
    if (kind === 'role' && !ROLES.some((role) => role === name))
      throw new UsageError(`--to: there is no role ${name}; ${ROLES.join(', ')} can be`)
    if (kind !== undefined) return { [kind]: name }
    if (one.includes('@')) return { mail: mailOf('--to', one) }
    throw new UsageError(
      `--to: "${one}" is neither a mail address nor one of role:NAME, channel:NAME and place:NAME`,
    )
  })

async function add(
  given: SettingsGiven & { readonly like?: (typeof SCHEDULE_TEMPLATE_NAMES)[number] | undefined },
): Promise<void> {
  const before = given.like === undefined ? {} : SCHEDULE_TEMPLATES[given.like]
  await put(given, scheduleWith(before, given), undefined)
}

async function change(given: SettingsGiven): Promise<void> {
  const known = understood(scheduleShape, await asked(given))
  await put(given, scheduleWith(known.schedule, given), known.version)
}

/** The settings of before, with those of the command line over them. */
function scheduleWith(before: object, given: SettingsGiven): ScheduleBody {
  const { parameters = {}, ...rest } = before as { parameters?: object }
  const { zone, ...filters } = filtersOf(given) as { zone?: string }
  const own = {
    ...(given.report !== undefined && { report: given.report }),
    ...(given.title !== undefined && { title: given.title }),
    ...(given.covers !== undefined && { covers: given.covers }),
    ...(given.cron !== undefined && { cron: given.cron }),
    ...(given.format !== undefined && { formats: formatsOf(given.format) }),
    ...(given.to !== undefined && { to: recipientsOf(given.to) }),
    ...(given.enabled !== undefined && { enabled: given.enabled }),
    ...(zone !== undefined && { zone }),
  }
  const schedule = {
    title: given.title ?? given.id,
    ...rest,
    ...own,
    parameters: { ...parameters, ...filters },
  }
  const parsed = scheduleBodySchema.safeParse(schedule)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue?.path.join('.') ?? ''
  throw new UsageError(
    ['report', 'covers', 'cron'].includes(place)
      ? `A schedule needs --${place}, or --like with a template`
      : `${place}: ${issue?.message ?? 'not valid'}`,
  )
}

async function put(given: Named, schedule: ScheduleBody, version: number | undefined): Promise<void> {
  const body = { schedule, ...(version !== undefined && { version }) }
  const made = understood(
    scheduleShape,
    await asked(given, { method: 'PUT', body }).catch((error: unknown) => {
      throw withPlace(error, schedule.parameters.q, Date.now())
    }),
  )
  if (given.json) return writeLines(jsonLines([made]))
  const when = made.next === null ? 'does not run' : `runs next at ${timeText(made.next)}`
  await writeLines([harmless(`The schedule ${made.id} ${when}.`)])
}

async function remove(given: Named): Promise<void> {
  await asked(given, { method: 'DELETE' })
  await writeLines(
    given.json
      ? jsonLines([{ id: given.id, removed: true }])
      : [`The schedule ${harmless(given.id)} is removed.`],
  )
}

async function run(given: Named): Promise<void> {
  const job = understood(jobShape, await asked(given, { method: 'POST' }, '/run'))
  await writeLines(given.json ? jsonLines([job]) : [begunSentence(job)])
}

async function asked(given: Named, request: Asked = {}, more = ''): Promise<unknown> {
  try {
    return await connect(given).json(`/v1/report-schedules/${encodeURIComponent(given.id)}${more}`, request)
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error
    if (error.code === 'WB-EXISTS')
      throw new OperatorError(
        error.code,
        `There is already a schedule ${harmless(given.id)}; \`waybill reports schedule change ${harmless(given.id)}\` changes it`,
        { exitCode: EXIT.failed, cause: error },
      )
    // A report, a place or a channel that is not there is also 404: the indexer names it.
    if (error.status !== 404 || !error.detail.startsWith('There is no schedule')) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no schedule ${harmless(given.id)}; \`waybill reports schedule\` lists them`,
      { exitCode: EXIT.notFound, cause: error },
    )
  }
}
