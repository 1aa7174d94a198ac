import type { Argv } from 'yargs'
import { closest } from '../../config/index.ts'
import { type AggregateShape, aggregateShape } from '../../schema/api/index.ts'
import { csvCell, csvQuoted } from '../columns.ts'
import { namedField, nearestName, timeText } from '../query/index.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, withConnection } from './connection.ts'
import { FORMATS, type Format } from './formats.ts'
import { EXIT, UsageError, write, writeLines } from './output.ts'
import { queryPositional, sayNothingFound, spanOf, spanOptions, withPlace } from './question.ts'
import { table } from './table.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return withConnection(cli)
    .positional('query', queryPositional)
    .option('by', {
      type: 'string',
      requiresArg: true,
      describe:
        'Split by a field (user, ip, audit.component...), or by hour, day, week, month, year, hour-of-day, day-of-week; or by two, separated by a comma',
    })
    .option('top', {
      type: 'number',
      requiresArg: true,
      default: 10,
      describe: 'The number of values of a field, the most frequent first',
    })
    .option('zone', {
      type: 'string',
      requiresArg: true,
      default: 'UTC',
      describe: 'The time zone in which days begin, such as Europe/Berlin',
    })
    .options(spanOptions)
    .option('own', {
      type: 'boolean',
      default: false,
      describe: "Also count Waybill's own events of searches and views",
    })
    .option('format', {
      alias: 'f',
      choices: FORMATS,
      default: 'table' as Format,
      describe: 'json prints the whole answer on one line',
    })
    .epilogue(
      closing(
        [
          ["waybill count 'outcome: failure' --from now-1d", 'The number of failures since yesterday'],
          ["waybill count 'action: login' --by ip --top 20", 'The addresses of sign-ins'],
          ['waybill count --by day --zone Europe/Berlin --from now-30d', 'Events per day'],
          ["waybill count 'user: jane' --by action,month", "Jane's actions, month by month"],
          [
            'waybill count --by day-of-week,hour-of-day -f csv > week.csv',
            'Activity by weekday and hour, for a heat map',
          ],
        ],
        'Exit codes: 0 done, even if nothing was found; 1 failed or refused, or not everything could be counted; 2 wrong command line or query; 3 the indexer is not reachable.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly query: readonly string[]
  readonly by?: string | undefined
  readonly top: number
  readonly zone: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly own: boolean
  readonly format: Format
}

const INTERVALS = ['hour', 'day', 'week', 'month', 'year']
const TIMES = [...INTERVALS, 'hour-of-day', 'day-of-week']
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

type Key = string | number

/** One split as it is asked for, and how its keys are shown. */
interface Part {
  readonly name: string
  readonly split: Readonly<Record<string, unknown>>
  shown(key: Key): string
}

function partOf(name: string, { top, zone }: Given): Part {
  if (name === 'hour-of-day')
    return { name, split: { kind: name, zone }, shown: (key) => `${String(key).padStart(2, '0')}:00` }
  if (name === 'day-of-week')
    return { name, split: { kind: name, zone }, shown: (key) => WEEKDAYS[Number(key) - 1] ?? String(key) }
  if (!INTERVALS.includes(name)) {
    if (namedField(name) === undefined) throw noField(name)
    return { name, split: { kind: 'values', field: name, top }, shown: String }
  }
  const time = (key: Key): Temporal.ZonedDateTime =>
    Temporal.Instant.fromEpochMilliseconds(Number(key)).toZonedDateTimeISO(zone)
  return {
    name,
    split: { kind: 'time', every: name, zone },
    shown: (key) =>
      name === 'hour'
        ? time(key).toString({ smallestUnit: 'minute', timeZoneName: 'never' })
        : time(key).toPlainDate().toString(),
  }
}

function noField(name: string): UsageError {
  const near = closest(name, TIMES) ?? nearestName(name)
  const remedy =
    near === undefined
      ? `; ${TIMES.join(', ')} and the fields of docs/fields.md can be`
      : `; did you mean ${near}?`
  return new UsageError(`There is no field ${name} to count by${remedy}`)
}

export async function run(given: Given): Promise<void> {
  const { format, top } = given
  if (!(Number.isSafeInteger(top) && top >= 1 && top <= 1000))
    throw new UsageError('--top takes a whole number from 1 to 1000')
  const names = (given.by ?? '').split(',').map((name) => name.trim())
  const by = names.filter((name) => name !== '')
  if (by.length > 2) throw new UsageError('--by takes at most two, such as user,day')
  const parts = by.map((name) => partOf(name, given))
  const now = Date.now()
  const { from, to } = spanOf(given, now)
  const query = given.query.join(' ')
  const client = connect(given)
  const span = {
    from: from === undefined ? undefined : timeText(from),
    to: to === undefined ? undefined : timeText(to),
  }
  let answer: AggregateShape
  let text: string
  try {
    const said = await client.json('/v1/aggregate', {
      method: 'POST',
      body: {
        q: query,
        ...(span.from !== undefined && { from: span.from }),
        ...(span.to !== undefined && { to: span.to }),
        ...(given.own && { own: true }),
        by: parts.map(({ split }) => split),
        budget: LONGEST,
      },
    })
    answer = understood(aggregateShape, said)
    text = JSON.stringify(said)
  } catch (error) {
    throw withPlace(error, query, now)
  }
  if (format === 'json') await write(`${process.stdout.isTTY ? harmlessJson(text) : text}\n`)
  else if (format === 'csv') await writeLines(csv(answer, parts))
  else await writeLines(shownTable(answer, parts))
  if (answer.count === 0 && answer.partial === null)
    await sayNothingFound(client, 'count', { q: query, ...span, own: given.own })
  if (answer.partial !== null) {
    process.stderr.write(`waybill: ${harmless(answer.partial.sentence)}\n`)
    process.exitCode = EXIT.failed
  }
}

/** The user of a command line can wait. */
const LONGEST = 30_000

/** Returns a row for each bucket; of the inner split if there are two. */
function rowsOf({ split }: AggregateShape, [first, second]: readonly Part[]): [...string[], number][] {
  if (split === undefined || first === undefined) return []
  return split.buckets.flatMap((bucket): [...string[], number][] => {
    const key = first.shown(bucket.key)
    if (second === undefined) return [[key, bucket.count]]
    return (bucket.split?.buckets ?? []).map((inner) => [key, second.shown(inner.key), inner.count])
  })
}

function csv(answer: AggregateShape, parts: readonly Part[]): string[] {
  const head = [...parts.map(({ name }) => name), 'count'].map(csvQuoted).join(',')
  if (parts.length === 0) return [head, String(answer.count)]
  const rows = rowsOf(answer, parts).map((row) =>
    row.map((cell) => (typeof cell === 'number' ? String(cell) : csvCell(harmless(cell, '\n')))).join(','),
  )
  return [head, ...rows]
}

function shownTable(answer: AggregateShape, parts: readonly Part[]): string[] {
  const { count, split } = answer
  if (split === undefined) return [String(count)]
  const rows = rowsOf(answer, parts).map((row) => row.map(String))
  const counts = rows.map((row) => row.at(-1) ?? '')
  const width = Math.max('COUNT'.length, ...counts.map(({ length }) => length))
  const aligned = rows.map((row) => [...row.slice(0, -1), (row.at(-1) ?? '').padStart(width)])
  const head = [...parts.map(({ name }) => name.toUpperCase()), 'COUNT'.padStart(width)]
  const lines = table(head, aligned, terminalWidth(), paintFor(process.stdout))
  const beyond = split.distinct - split.buckets.length
  const notes = [
    `${count} events in all`,
    ...(beyond > 0 ? [`${beyond} more values with ${split.others}`] : []),
    ...(split.none > 0 ? [`${split.none} without a value`] : []),
  ]
  return [...lines, `${notes.join('; ')}.`]
}
