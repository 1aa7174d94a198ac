import type { CaseEntry, CasePin, CaseShape } from '../../schema/api/index.ts'
import { type AuditEvent, textAt } from '../../schema/index.ts'
import type { Fact, ReportDocument, Section, TableColumn } from '../reports/document.ts'
import { columnsOf, verdictOf } from '../reports/index.ts'

/** Makes the report about a case: what is pinned as its reader sees it, and who did what. */

const COLUMNS = columnsOf([
  '@timestamp',
  'user.name',
  'source.ip',
  'event.action',
  'audit.entity.type',
  'audit.entity.name',
  'event.outcome',
  'message',
])
/** A query of more ids would be longer than people read. */
const MOST_NAMED = 100

export type PinOf<Kind extends CasePin['kind']> = Extract<CasePin, { kind: Kind }>

export const pinsOf = <Kind extends CasePin['kind']>(
  { items }: Pick<CaseShape, 'items'>,
  kind: Kind,
): PinOf<Kind>[] => items.filter((item): item is PinOf<Kind> => item.kind === kind)

/** The pinned events, the oldest first, each once. */
export function eventsOf(one: Pick<CaseShape, 'items'>): AuditEvent[] {
  const byId = new Map(pinsOf(one, 'event').map(({ event }) => [idOf(event), event]))
  return [...byId.values()].toSorted((a, b) => timeOf(a) - timeOf(b))
}

export const idOf = (event: AuditEvent): string => textAt(event, 'event.id') ?? ''
const timeOf = (event: AuditEvent): number => Date.parse(textAt(event, '@timestamp') ?? '')

/** A file of the bundle, as the report names it. */
export interface BundleFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** A pinned event that has no proof in the bundle, and why. */
export interface Unproved {
  readonly id: string
  readonly reason: string
}

export interface CaseReport {
  readonly one: CaseShape
  readonly requested: ReportDocument['requested']
  readonly organisation: ReportDocument['organisation']
  readonly zone: string
  readonly checkpoint: string | null
  readonly facts: readonly Fact[]
  readonly unproved: readonly Unproved[]
  readonly files: readonly BundleFile[]
}

export function documentOf(parts: CaseReport): ReportDocument {
  const { one, requested, organisation, zone, checkpoint, files } = parts
  const events = eventsOf(one)
  const hidden = pinsOf(one, 'hidden').length
  const ids = events.map(idOf)
  const count = events.length
  return {
    id: one.id,
    report: 'case',
    title: `Case: ${one.name}`,
    about: one.about,
    organisation,
    scope: `What is pinned to the case "${one.name}", as ${requested.by} sees it: ${count === 1 ? '1 event' : `${count} events`}, as copies from when they were pinned.`,
    query:
      count > 0 && count <= MOST_NAMED
        ? `event.id: (${ids.join(' or ')})`
        : `audit.entity.id: ${one.id} and event.action: case-pinned`,
    zone,
    period: {
      from: count === 0 ? one.opened : timeOf(events[0]!),
      to: count === 0 ? one.changed : timeOf(events.at(-1)!) + 1,
    },
    requested,
    facts: [
      { name: 'State', text: `${one.state}, owned by ${one.owner}, ${one.shared ? 'shared' : 'private'}` },
      ...parts.facts,
    ],
    verdict: verdictOf([
      ...(hidden === 0
        ? []
        : [
            `${hidden} pinned ${hidden === 1 ? 'thing is' : 'things are'} left out, which ${requested.by} may not see`,
          ]),
      ...(parts.unproved.length === 0
        ? []
        : [
            `${parts.unproved.length} of ${count} events ${parts.unproved.length === 1 ? 'has' : 'have'} no proof`,
          ]),
    ]),
    account: [unprovedSection(parts.unproved), filesSection(files)].filter((one) => one !== null),
    checkpoint,
    findings: [timelineSection(one), notesSection(one), alertsSection(one), searchesSection(one)].filter(
      (section) => section !== null,
    ),
    rows: { columns: COLUMNS, count, order: 'oldest' },
    controls: [],
    paper: 'a4',
  }
}

const column = (title: string, kind: TableColumn['kind'] = 'text'): TableColumn => ({ title, kind })

type Row = readonly (string | number | null)[]

function section(title: string, note: string, columns: TableColumn[], rows: readonly Row[]): Section | null {
  return rows.length === 0 ? null : { title, note, chart: null, table: { columns, rows, more: 0 } }
}

const timelineSection = (one: CaseShape): Section | null =>
  section(
    'Timeline of the case',
    'What was done with the case, and by whom.',
    [column('Time', 'time'), column('By'), column('What')],
    one.timeline.map((entry) => [entry.at, entry.by, whatOf(entry)]),
  )

/** What an entry of the timeline says after the name of who did it. */
export function whatOf({ act, pin, text }: CaseEntry): string {
  const thing =
    pin === null
      ? ''
      : ` ${pin.kind === 'note' ? 'a note' : pin.kind === 'search' ? 'a search' : `an ${pin.kind}`}`
  if (act === 'pinned') return `pinned${thing}`
  if (act === 'unpinned') return `removed${thing}`
  if (act === 'renamed') return `renamed it to "${text ?? ''}"`
  if (act === 'handed-over') return `handed it over to ${text ?? ''}`
  return ACTS[act]
}

const ACTS = {
  opened: 'opened the case',
  described: 'described it anew',
  closed: 'closed it',
  reopened: 'opened it again',
  shared: 'shared it',
  unshared: 'made it private',
  exported: 'exported it',
} as const

const notesSection = (one: CaseShape): Section | null =>
  section(
    'Notes and comments',
    '',
    [column('Time', 'time'), column('By'), column('About'), column('Text')],
    one.items.flatMap((item): Row[] => {
      if (item.kind === 'hidden') return []
      if (item.kind === 'note') return [[item.at, item.by, 'the case', item.text]]
      return item.comment === '' ? [] : [[item.at, item.by, aboutOf(item), item.comment]]
    }),
  )

const aboutOf = (item: Exclude<CasePin, { kind: 'hidden' | 'note' }>): string =>
  item.kind === 'event'
    ? `event ${idOf(item.event)}: ${textAt(item.event, 'message') ?? textAt(item.event, 'event.action') ?? ''}`
    : item.kind === 'alert'
      ? `alert ${item.alert.id}`
      : `search "${item.name}"`

const alertsSection = (one: CaseShape): Section | null =>
  section(
    'Alerts',
    'As they were when they were pinned.',
    [
      column('First event', 'time'),
      column('Last event', 'time'),
      column('Priority'),
      column('Message'),
      column('Id', 'id'),
    ],
    pinsOf(one, 'alert').map(({ alert }) => [
      alert.from,
      alert.last,
      alert.priority,
      alert.message,
      alert.id,
    ]),
  )

const searchesSection = (one: CaseShape): Section | null =>
  section(
    'Searches',
    'The part of an address of the console after /events.',
    [column('Name'), column('Search'), column('Pinned by')],
    pinsOf(one, 'search').map(({ name, search, by }) => [name, search, by]),
  )

const unprovedSection = (unproved: readonly Unproved[]): Section | null =>
  section(
    'Events without a proof',
    '',
    [column('Event', 'id'), column('Reason')],
    unproved.map(({ id, reason }) => [id, reason]),
  )

const filesSection = (files: readonly BundleFile[]): Section | null =>
  section(
    'The other files of this bundle',
    'The seal of this report covers their hashes, and so the files.',
    [column('File'), column('Bytes', 'number'), column('SHA-256', 'id')],
    files.map(({ name, bytes, sha256 }) => [name, bytes, sha256]),
  )
