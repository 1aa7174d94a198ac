import type { CaseShape } from '../../schema/api/index.ts'
import type { ReportDocument } from '../reports/document.ts'
import { zoned } from '../reports/index.ts'
import { idOf, type Unproved, whatOf } from './document.ts'

/** The texts of a bundle, for people. */

const timeIn =
  (zone: string) =>
  (at: number): string =>
    zoned(at, zone).toString({ smallestUnit: 'second', timeZoneName: 'never' }).replace('T', ' ')

/** What people wrote, as text. */
export function notesText(one: CaseShape, zone: string): string {
  const time = timeIn(zone)
  const written = one.items.flatMap((item): string[] => {
    if (item.kind === 'hidden') return []
    const text = item.kind === 'note' ? item.text : item.comment
    if (text === '') return []
    const about =
      item.kind === 'note'
        ? 'Note'
        : item.kind === 'event'
          ? `About the event ${idOf(item.event)}`
          : item.kind === 'alert'
            ? `About the alert ${item.alert.id}`
            : `About the search "${item.name}"`
    return [`## ${about}`, '', `${item.by}, ${time(item.at)}`, '', text, '']
  })
  return [
    `# ${one.name}`,
    '',
    ...(one.about === '' ? [] : [one.about, '']),
    ...(written.length === 0 ? ['There are no notes.', ''] : written),
    '## Timeline',
    '',
    ...one.timeline.map((entry) => `- ${time(entry.at)}: ${entry.by} ${whatOf(entry)}`),
    '',
  ].join('\n')
}

/** What the files are, and how to verify them. */
export function readmeText({
  document,
  proofs,
  unproved,
}: {
  readonly document: ReportDocument
  readonly proofs: number
  readonly unproved: readonly Unproved[]
}): string {
  const { title, requested, zone, verdict } = document
  return [
    `# ${title}`,
    '',
    `${requested.by} exported this at ${timeIn(zone)(requested.at)}. It is ${verdict.sentence}.`,
    '',
    '| file | content |',
    '| --- | --- |',
    '| `report.pdf` | the report: timeline, notes, alerts, searches, events; its proof is in it |',
    '| `report.html` | the same for a browser; its proof is `report.html.proof.json` |',
    '| `events.ndjson` | the pinned events, one JSON object a line; its proof is `events.ndjson.proof.json` |',
    '| `notes.md` | what people wrote, and the timeline |',
    '| `case.json` | the case as the API gives it |',
    ...(proofs === 0
      ? []
      : ['| `proofs/` | for each event: the line as its agent sealed it, and all that proves it |']),
    '',
    '## Verify it',
    '',
    'Get the keys that you trust from the indexer, not from this bundle: `waybill verify policy > trusted.yml`.',
    '',
    '```sh',
    'waybill verify report.pdf --policy trusted.yml',
    'waybill verify report.html --policy trusted.yml',
    'waybill verify events.ndjson --policy trusted.yml',
    ...(proofs === 0
      ? []
      : ['for proof in proofs/*.json; do waybill verify --proof "$proof" --policy trusted.yml; done']),
    '```',
    '',
    'The report lists the SHA-256 of the events, the notes, `case.json` and the proofs, so its seal covers all of them. The',
    'events are copies from when they were pinned, with what the indexer added; a proof has the line as its agent sealed it.',
    '',
    ...(unproved.length === 0
      ? []
      : ['## Events without a proof', '', ...unproved.map(({ id, reason }) => `- ${id}: ${reason}`), '']),
  ].join('\n')
}
