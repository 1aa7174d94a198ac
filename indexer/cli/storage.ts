import type { Argv } from 'yargs'
import { bytesText } from '../../config/index.ts'
import { type StorageShape, storageShape } from '../../schema/api/index.ts'
import { ageText } from '../lifecycle/table.ts'
import { understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { writeLines } from './output.ts'
import { spanText, table } from './table.ts'
import { harmless, harmlessJson, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function options(cli: Argv) {
  return withConnection(cli)
    .option('detail', {
      type: 'boolean',
      default: false,
      describe: 'Also show the sizes of lines, terms, columns and so on; takes a while with a large store',
    })
    .option('json', jsonOption)
    .epilogue(
      closing(
        [
          [
            "waybill storage --json | jq '.fullInDays'",
            'The days until the disk is full at the present growth',
          ],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable.',
      ),
    )
}

export async function run(
  given: ConnectionGiven & { readonly json: boolean; readonly detail: boolean },
): Promise<void> {
  const address = given.detail ? '/v1/storage?detail=true' : '/v1/storage'
  const answer = understood(storageShape, await connect(given).json(address))
  if (given.json) {
    const text = JSON.stringify(answer)
    return writeLines([process.stdout.isTTY ? harmlessJson(text) : text])
  }
  const now = Date.now()
  const head = [
    'CATEGORY',
    'SEARCHABLE',
    'ARCHIVE',
    'TIERS',
    'EVENTS',
    'SIZE',
    'A DAY',
    'OLDEST',
    'WAITING',
    'ARCHIVED',
    'STATUS',
  ]
  const rows = answer.categories.map((one) => [
    one.category,
    ageText(one.searchable),
    one.archive === null ? 'none' : ageText(one.archive),
    one.tiers.map(({ tier, bytes }) => `${tier} ${bytesText(bytes)}`).join(', '),
    String(one.events),
    bytesText(one.bytes),
    one.perDay === null ? '' : bytesText(one.perDay),
    one.oldest === null ? '' : `${spanText(now - one.oldest)} ago`,
    one.notArchived.length === 0 ? '' : String(one.notArchived.length),
    one.archived === null || one.archived.objects === 0 ? '' : bytesText(one.archived.bytes),
    one.archiveStatus === 'none' ? '' : one.archiveStatus,
  ])
  const lines = table(head, rows, terminalWidth(), paintFor(process.stdout))
  await writeLines([
    ...lines,
    ...partLines(answer),
    '',
    ...sentences(answer).map((sentence) => harmless(sentence)),
  ])
}

/** Lists the bytes of each part. */
function partLines({ parts, categories }: StorageShape): string[] {
  if (parts === undefined) return []
  if (parts === null)
    return ['', 'Only the cluster knows the sizes in detail: ask it with `GET _cat/indices?v`.']
  const events = categories.reduce((sum, one) => sum + one.events, 0)
  const rows = parts.map(({ part, bytes }) => [
    part,
    bytesText(bytes),
    events === 0 ? '' : (bytes / events).toFixed(1),
  ])
  return ['', ...table(['PART', 'SIZE', 'BYTES AN EVENT'], rows, terminalWidth(), paintFor(process.stdout))]
}

/** Summarises the figures in sentences. */
function sentences({
  categories,
  bytes,
  otherBytes,
  disk,
  archive,
  growth,
  fullInDays,
}: StorageShape): string[] {
  const said = [
    `${bytesText(bytes)} in all, of which ${bytesText(otherBytes)} are waybills and other records.`,
  ]
  if (disk !== null)
    said.push(`${bytesText(disk.free)} of the disk's ${bytesText(disk.total)} are free for the store.`)
  if (growth !== null)
    said.push(`It grows by ${bytesText(growth)} a day in categories of which nothing expires yet.`)
  if (fullInDays !== null)
    said.push(`At that rate the disk is full in ${fullInDays === 1 ? 'a day' : `${fullInDays} days`}.`)
  if (archive !== null) {
    const room = archive.capacity === null ? '' : ` of ${bytesText(archive.capacity)}`
    said.push(`${bytesText(archive.bytes)}${room} are in ${archive.place}.`)
    if (archive.problem !== null) said.push(`The last run of the archive failed: ${archive.problem}.`)
  }
  for (const { category, notArchived } of categories) {
    if (notArchived.length === 0) continue
    const held = notArchived.reduce((sum, one) => sum + one.bytes, 0)
    const what = notArchived.length === 1 ? '1 partition' : `${notArchived.length} partitions`
    said.push(
      `${what} of ${category} (${bytesText(held)}) should have expired, but are kept because they are not archived. ${archive === null ? 'If you have no archive, write archive: none in retention.yml.' : '`waybill archive run` archives them now.'}`,
    )
  }
  return said
}
