import type { Argv } from 'yargs'
import { age, bytesText } from '../../config/index.ts'
import {
  type ArchiveShape,
  archiveObjectShape,
  archiveRunShape,
  archiveShape,
  exportedShape,
  restoreShape,
  restoresShape,
  rotatedShape,
} from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { parseQuery, QueryError, timeText, withCaret } from '../query/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { FORMATS, type Format, writerFor } from './formats.ts'
import { EXIT, jsonLines, UsageError, write, writeLines } from './output.ts'
import { spanOf, spanOptions, withPlace } from './question.ts'
import { table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

const configOption = {
  type: 'string',
  requiresArg: true,
  default: 'indexer.yml',
  describe: 'The settings of the indexer, for the place and the keys of the archive',
} as const

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'List the objects of the archive',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'run',
      'Archive now what the retention table requires; the indexer also does so by itself',
      (run) => run,
      (given) => run(given),
    )
    .command(
      'verify [names..]',
      'Read objects of the archive back as a whole: all of them, or those named',
      (verify) =>
        verify.positional('names', {
          type: 'string',
          array: true,
          describe: 'As `waybill archive` shows them',
        }),
      (given) => verify(given),
    )
    .command(
      'search [query..]',
      'Search the archive without restoring it; run this on the host of the indexer',
      (search) =>
        search
          .positional('query', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'The query',
          })
          .options(spanOptions)
          .option('config', configOption)
          .option('objects', {
            type: 'string',
            requiresArg: true,
            describe: 'Only objects whose names begin so: security/2026/, query/invoices-2026-11',
          })
          .option('format', {
            alias: 'f',
            choices: FORMATS,
            default: 'table' as Format,
            describe: 'json prints one event a line, as stored',
          })
          .option('id', {
            type: 'string',
            requiresArg: true,
            describe: 'Read the one event of this id alone',
          }),
      (given) => search(given),
    )
    .command(
      'restore',
      'Make archived events searchable again, in a place of their own, until an end date',
      (restore) =>
        restore
          .options({
            from: {
              ...spanOptions.from,
              demandOption: true,
              describe: 'Events that were received at this time or later',
            },
            to: { ...spanOptions.to, describe: 'And before this time [default: now]' },
          })
          .option('categories', {
            type: 'string',
            requiresArg: true,
            describe: 'Only these, separated by commas',
          })
          .option('for', {
            type: 'string',
            default: '30d',
            requiresArg: true,
            describe: 'How long: 12h, 30d',
          }),
      (given) => restore(given),
    )
    .command(
      'restores',
      'List what is restored',
      (restores) => restores,
      (given) => restores(given),
    )
    .command(
      'unrestore <id>',
      'Remove restored events before their end date; they stay in the archive',
      (unrestore) =>
        unrestore.positional('id', {
          type: 'string',
          demandOption: true,
          describe: 'As `restores` shows it',
        }),
      (given) => unrestore(given),
    )
    .command(
      'export <name> [query..]',
      'Write the events that a query finds as objects of the archive',
      (exported) =>
        exported
          .positional('name', {
            type: 'string',
            demandOption: true,
            describe: 'A name for it, such as case-2026-17',
          })
          .positional('query', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe: 'The query',
          })
          .option('all', {
            type: 'boolean',
            default: false,
            describe: 'Export all events: without it a query is needed',
          })
          .option('for', {
            type: 'string',
            requiresArg: true,
            describe: 'How long the archive keeps it: 5y [default: for ever]',
          }),
      (given) => exportQuery(given),
    )
    .command(
      'rotate-key',
      'Encrypt the keys of all objects with the first key of archive.keys; the objects stay as they are',
      (rotate) => rotate,
      (given) => rotateKey(given),
    )
    .epilogue(
      closing(
        [
          [
            "waybill archive search 'user: jane' --from 2024-01-01 --to 2024-07-01",
            'Reads only what may have it',
          ],
          [
            'waybill archive restore --from 2024-01-01 --to 2024-02-01 --for 14d',
            'Then: waybill search --restored ID',
          ],
          ["waybill archive export case-17 'user: jane'", 'An archive of one query'],
        ],
        'Exit codes: 0 done; 1 failed, refused, or something is damaged; 2 wrong command line; 3 the indexer is not reachable.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

const asked = async (given: Given): Promise<ArchiveShape> =>
  understood(archiveShape, await connect(given).json('/v1/archive'))

async function list(given: Given): Promise<void> {
  const { place, work, problem, objects } = await asked(given)
  if (given.json) return writeLines(jsonLines(objects))
  const rows = objects.map((one) => [
    one.name,
    one.received === null
      ? ''
      : `${timeText(one.received.first).slice(0, 10)} to ${timeText(one.received.last).slice(0, 10)}`,
    String(one.events),
    bytesText(one.bytes),
    one.problem === null ? `verified ${timeText(one.verified).slice(0, 10)}` : 'DAMAGED',
    one.until === null ? '' : timeText(one.until).slice(0, 10),
  ])
  const head = ['OBJECT', 'RECEIVED', 'EVENTS', 'SIZE', 'STATE', 'KEPT UNTIL']
  const total = objects.reduce((sum, { bytes }) => sum + bytes, 0)
  await writeLines([
    ...(rows.length === 0 ? [] : [...table(head, rows, terminalWidth(), paintFor(process.stdout)), '']),
    harmless(`${objects.length} objects with ${bytesText(total)} in ${place}.`),
    ...(work === null ? [] : [harmless(`Now: ${work.what}, ${work.events} of ${work.of} events.`)]),
    ...(problem === null ? [] : [harmless(`The last run failed: ${problem}.`)]),
    ...objects.flatMap((one) => (one.problem === null ? [] : [harmless(one.problem)])),
  ])
}

async function run(given: Given): Promise<void> {
  const { archived } = understood(
    archiveRunShape,
    await connect(given).json('/v1/archive/run', { method: 'POST', body: {} }),
  )
  if (given.json) return writeLines(jsonLines(archived))
  await writeLines(
    archived.length === 0
      ? ['All that the retention table requires is in the archive.']
      : archived.map((name) => harmless(`${name} is archived, read back and verified.`)),
  )
}

async function verify(given: Given & { names?: string[] | undefined }): Promise<void> {
  const named = given.names ?? []
  const names = named.length > 0 ? named : (await asked(given)).objects.map(({ name }) => name)
  const client = connect(given)
  let damaged = 0
  for (const object of names) {
    try {
      const found = understood(
        archiveObjectShape,
        await client.json('/v1/archive/verify', { method: 'POST', body: { object } }),
      )
      await writeLines(
        given.json ? jsonLines([found]) : [harmless(`${found.name} is sound: ${found.events} events.`)],
      )
    } catch (thrown) {
      // A damaged object does not keep the others from being verified.
      if (!(thrown instanceof AnswerError) || !ABOUT_ONE_OBJECT.has(thrown.code)) throw thrown
      damaged++
      await writeLines(
        given.json ? jsonLines([{ name: object, problem: thrown.message }]) : [harmless(thrown.message)],
      )
    }
  }
  if (damaged === 0) return
  if (!given.json)
    await writeLines([`${damaged} of ${names.length} objects ${damaged === 1 ? 'is' : 'are'} damaged.`])
  process.exitCode = EXIT.failed
}

const ABOUT_ONE_OBJECT: ReadonlySet<string> = new Set(['WB-ARCHIVE-DAMAGED', 'WB-ARCHIVE-VERSION'])

/** How long, from now, in ms. */
function endAfter(text: string, now: number): number {
  const span = age({ min: 60_000 }).safeParse(text)
  if (!span.success)
    throw new UsageError(`--for: ${span.error.issues[0]?.message ?? 'expected a time such as 30d'}`)
  return now + span.data
}

async function restore(
  given: Given & { from: string; to?: string | undefined; categories?: string | undefined; for: string },
): Promise<void> {
  const now = Date.now()
  const { from, to } = spanOf(given, now)
  const body = {
    from,
    to: to ?? now,
    categories: given.categories?.split(',').map((name) => name.trim()) ?? null,
    until: endAfter(given.for, now),
  }
  const made = understood(
    restoreShape,
    await connect(given).json('/v1/archive/restores', { method: 'POST', body }),
  )
  if (given.json) return writeLines(jsonLines([made]))
  await writeLines([
    `${made.of} events of ${made.objects.length} objects are being restored, until ${timeText(made.until)}.`,
    `waybill search --restored ${made.id} finds them; waybill archive restores shows how far it is.`,
  ])
}

async function restores(given: Given): Promise<void> {
  const { restores: all } = understood(restoresShape, await connect(given).json('/v1/archive/restores'))
  if (given.json) return writeLines(jsonLines(all))
  if (all.length === 0) return writeLines(['Nothing is restored.'])
  const head = ['RESTORE', 'STATE', 'EVENTS', 'OBJECTS', 'BY', 'UNTIL']
  const rows = all.map((one) => [
    one.id,
    one.state,
    one.state === 'ready' ? String(one.events) : `${one.events} of ${one.of}`,
    String(one.objects.length),
    one.by,
    timeText(one.until),
  ])
  await writeLines([
    ...table(head, rows, terminalWidth(), paintFor(process.stdout)),
    ...all.flatMap(({ problem }) => (problem === null ? [] : [harmless(problem)])),
  ])
}

async function unrestore(given: Given & { id: string }): Promise<void> {
  await connect(given).json(`/v1/archive/restores/${encodeURIComponent(given.id)}`, { method: 'DELETE' })
  await writeLines(
    given.json
      ? jsonLines([{ id: given.id, removed: true }])
      : [`The restore ${harmless(given.id)} is removed. Its events are still in the archive.`],
  )
}

async function exportQuery(
  given: Given & { name: string; query: string[]; all: boolean; for?: string | undefined },
): Promise<void> {
  const now = Date.now()
  const query = given.query.join(' ')
  if (query.trim() === '' && !given.all)
    throw new UsageError('Name what to export, such as user.name: smith; --all exports all events')
  const body = { name: given.name, query, until: given.for === undefined ? null : endAfter(given.for, now) }
  try {
    const { objects } = understood(
      exportedShape,
      await connect(given).json('/v1/archive/exports', { method: 'POST', body }),
    )
    await writeLines(
      given.json
        ? jsonLines(objects)
        : objects.map((one) =>
            harmless(`${one.name}: ${one.events} events, ${bytesText(one.bytes)}, read back and verified.`),
          ),
    )
  } catch (thrown) {
    throw withPlace(thrown, query, now)
  }
}

async function rotateKey(given: Given): Promise<void> {
  const { objects } = understood(
    rotatedShape,
    await connect(given).json('/v1/archive/rotate-key', { method: 'POST', body: {} }),
  )
  if (given.json) return writeLines(jsonLines([{ objects }]))
  await writeLines([
    objects === 0
      ? 'The keys of all objects are encrypted with the first key of archive.keys.'
      : `The keys of ${objects} objects are now encrypted with the first key of archive.keys.`,
  ])
}

const PROGRESS_EVERY = 1000

/** Reads the archive itself: no indexer need run, and none is delayed. */
async function search(given: {
  readonly query: string[]
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly config: string
  readonly objects?: string | undefined
  readonly format: Format
  readonly id?: string | undefined
}): Promise<void> {
  const now = Date.now()
  const text = given.query.join(' ')
  const { namesIn, readArchive, searchObject, withWords } = await import('../lifecycle/archive/index.ts')
  const { readIndexerConfig } = await import('../config.ts')
  const { archive } = await readIndexerConfig(given.config)
  if (archive === undefined)
    throw new OperatorError('WB-ARCHIVE-ABSENT', `${given.config} names no archive: write archive: in it`)
  const asked = { query: queryFor(text, now), ...spanOf(given, now) }
  const reading = await readArchive(archive)
  const names = namesIn(reading, given.objects === undefined ? [] : [given.objects])
  const writer = writerFor(given.format, undefined)
  let found = 0
  let shown = now
  try {
    await write(writer.begin())
    for (const [n, name] of names.entries()) {
      const object = await reading.open(name)
      if (given.id !== undefined) {
        const one = await object.find(given.id)
        if (one === null) continue
        await write(writer.lines([JSON.stringify(withWords(one.event))]) + writer.settle())
        return
      }
      for await (const event of searchObject(object, asked, ({ blocks }) => {
        if (!process.stderr.isTTY || Date.now() - shown < PROGRESS_EVERY) return
        shown = Date.now()
        process.stderr.write(
          `\rObject ${n + 1} of ${names.length}, block ${blocks} of ${object.blocks.length}, ${found} found \x1b[K`,
        )
      })) {
        found++
        await write(writer.lines([JSON.stringify(withWords(event))]))
      }
    }
    await write(writer.settle())
  } finally {
    await reading.close()
  }
  if (found > 0) return
  if (given.id !== undefined)
    throw new OperatorError('WB-EVENT-UNKNOWN', `There is no event ${harmless(given.id)} in the archive`, {
      exitCode: EXIT.notFound,
    })
  process.stderr.write('No events found.\n')
}

function queryFor(text: string, now: number): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(text, { now })
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown
    const carets = withCaret(text, thrown.column, thrown.length)
    throw new UsageError(`${thrown.message} (column ${thrown.column})\n${carets}`)
  }
}
