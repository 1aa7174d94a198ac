import type { Argv } from 'yargs'
import { bytesText } from '../../config/index.ts'
import { UsageError, writeLines } from './output.ts'
import { table } from './table.ts'
import { paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

/** Measured by the benchmarks of docs/benchmarks.md, on events of 1.5 KB with their original line. */
const MEASURED = {
  /** Bytes of an event: at rest in the embedded store (wanted 150, measured 116), and of one copy in Elasticsearch before merging. */
  embeddedBytes: 150,
  clusterBytes: 929,
  /** CPU seconds of a million events: in the embedded store, in the indexer beside a cluster, in Elasticsearch. */
  embeddedCpu: 46,
  indexerCpu: 178,
  clusterCpu: 603,
} as const

/** The size that the embedded store is made for, and the share of a core that ingest may take of it in the busiest minute. */
const EMBEDDED_EVENTS = 100_000_000
const EMBEDDED_CORES = 1
/** A shard of more takes long to move; a data node of this size is a usual one. Elasticsearch fills a disk to 85 %. */
const SHARD_BYTES = 40e9
const NODE = { cores: 8, disk: 4e12 } as const
const FILLED = 0.85
/** One indexer uses two cores well; a second one answers while the first is restarted. */
const INDEXER_CORES = 2
const LEAST_INDEXERS = 2

export interface Load {
  /** The average. */
  readonly eventsPerSecond: number
  readonly days: number
  /** The ratio of the busiest minute's events to the average. */
  readonly peak: number
  readonly replicas: number
}

export interface Sizing {
  readonly events: number
  readonly embedded: { readonly fits: boolean; readonly bytes: number; readonly cores: number }
  readonly cluster: {
    readonly bytes: number
    readonly shards: number
    readonly nodes: number
    readonly cores: number
    readonly indexers: number
  }
}

export function sizeOf({ eventsPerSecond, days, peak, replicas }: Load): Sizing {
  // Events with a retention of T days are kept 1.1 T at most: partitions and indices expire as a whole.
  const events = eventsPerSecond * 86_400 * days * 1.1
  const busy = (cpuOfMillion: number): number => (eventsPerSecond * peak * cpuOfMillion) / 1e6
  const embeddedCores = busy(MEASURED.embeddedCpu)
  const copies = 1 + replicas
  const bytes = (events * MEASURED.clusterBytes * copies) / FILLED
  const cores = busy(MEASURED.clusterCpu) * copies
  return {
    events,
    embedded: {
      fits: events <= EMBEDDED_EVENTS && embeddedCores <= EMBEDDED_CORES,
      bytes: events * MEASURED.embeddedBytes,
      cores: embeddedCores,
    },
    cluster: {
      bytes,
      shards: Math.max(1, Math.ceil((events * MEASURED.clusterBytes) / SHARD_BYTES)) * copies,
      nodes: Math.max(replicas === 0 ? 1 : 3, Math.ceil(bytes / NODE.disk), Math.ceil(cores / NODE.cores)),
      cores,
      indexers: Math.max(LEAST_INDEXERS, Math.ceil(busy(MEASURED.indexerCpu) / INDEXER_CORES)),
    },
  }
}

export function options(cli: Argv) {
  return cli
    .option('events-per-second', {
      type: 'number',
      requiresArg: true,
      demandOption: true,
      describe: 'How many events arrive, on average',
    })
    .option('days', {
      type: 'number',
      requiresArg: true,
      default: 365,
      describe: 'How long events stay searchable',
    })
    .option('peak', {
      type: 'number',
      requiresArg: true,
      default: 4,
      describe: 'How many times the average arrives in the busiest minute',
    })
    .option('replicas', {
      type: 'number',
      requiresArg: true,
      default: 1,
      describe: 'Copies of each shard in Elasticsearch beside the first',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON for programs' })
    .epilogue(
      closing(
        [
          ['waybill size --events-per-second 5000', 'What 5,000 events a second need for a year'],
          [
            'waybill size --events-per-second 20 --days 30',
            'Fits the embedded store, on the machine of the indexer',
          ],
        ],
        'It asks nobody: the figures come from benchmarks with events of 1.5 KB (docs/scaling.md). Exit codes: 0 done; 2 wrong command line.',
      ),
    )
}

interface Given {
  readonly 'events-per-second': number
  readonly days: number
  readonly peak: number
  readonly replicas: number
  readonly json: boolean
}

export async function run(given: Given): Promise<void> {
  const { days, peak, replicas } = given
  const eventsPerSecond = given['events-per-second']
  for (const [name, value] of Object.entries({ 'events-per-second': eventsPerSecond, days }))
    if (!(Number.isFinite(value) && value > 0)) throw new UsageError(`--${name} takes a number above 0`)
  if (!(Number.isFinite(peak) && peak >= 1)) throw new UsageError('--peak takes a number from 1 up')
  if (!(Number.isSafeInteger(replicas) && replicas >= 0 && replicas <= 5))
    throw new UsageError('--replicas takes a whole number from 0 to 5')
  const sizing = sizeOf({ eventsPerSecond, days, peak, replicas })
  if (given.json) return writeLines([JSON.stringify(sizing)])
  const { events, embedded, cluster } = sizing
  const advice = embedded.fits
    ? 'The embedded store fits: one indexer, no other server.'
    : 'Use Elasticsearch: this is more than the embedded store is made for (100,000,000 events, one core for ingest).'
  await writeLines([
    `${Math.round(events).toLocaleString('en')} events are kept at most (${days} days, and a tenth longer).`,
    advice,
    '',
    ...table(
      ['', 'EMBEDDED STORE', 'ELASTICSEARCH'],
      [
        ['disk', bytesText(embedded.bytes), `${bytesText(cluster.bytes)}, all copies, disks filled to 85 %`],
        [
          'cores for ingest, busiest minute',
          coresText(embedded.cores),
          `${coresText(cluster.cores)} in the cluster`,
        ],
        ['shards of 40 GB at most', '', String(cluster.shards)],
        ['data nodes', '', `${cluster.nodes} with 8 cores and 4 TB each`],
        ['indexers', '1', `${cluster.indexers} with 2 cores each`],
      ],
      terminalWidth(),
      paintFor(process.stdout),
    ),
  ])
}

const coresText = (cores: number): string => (cores < 0.1 ? 'less than 0.1' : cores.toFixed(1))
