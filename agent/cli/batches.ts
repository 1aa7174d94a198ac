import { bytesText } from '../../config/index.ts'
import type { BatchListing, ShownBatch } from '../ship/index.ts'
import { harmless, table } from './table.ts'

export function batchesText(batches: readonly BatchListing[], none: string): string {
  if (batches.length === 0) return none
  const rows = batches.map(({ batch, created, events, bytes, sources, reason, damage }) => [
    batch,
    created === 0 ? '' : new Date(created).toISOString(),
    events,
    bytesText(bytes),
    [...new Set(sources.map(({ path }) => path))].join(' '),
    damage ?? (reason === null ? '' : `${reason.status} ${reason.reason}`),
  ])
  return table(['BATCH', 'SEALED', 'EVENTS', 'SIZE', 'FILES', 'REASON'], rows)
}

export function batchText({ place, listing, manifest, lines }: ShownBatch): string {
  const { reason } = listing
  return [
    `${listing.batch}, in ${place === 'spool' ? 'the spool' : 'quarantine'}`,
    `sealed    ${new Date(manifest.created).toISOString()} as number ${manifest.sequence} of ${manifest.incarnation}`,
    `events    ${manifest.events}, ${bytesText(listing.bytes)} compressed, root ${manifest.root}`,
    ...(reason === null
      ? []
      : [
          `refused   ${new Date(reason.at).toISOString()} by ${reason.indexer}: ${reason.status} ${harmless(reason.reason)}`,
        ]),
    ...manifest.sources.map(
      ({ path, from, to, events }) => `from      ${harmless(path)}, bytes ${from} to ${to}, ${events} events`,
    ),
    '',
    ...lines.map(harmless),
  ].join('\n')
}
