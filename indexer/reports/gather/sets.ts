import { ageText } from '../../lifecycle/index.ts'
import type { Span } from '../asked.ts'
import type { SetName } from '../declaration.ts'
import type { Cell, ColumnKind, Section, Table } from '../document.ts'
import { lettersIn, missingIn } from './completeness.ts'
import type { ReportSources } from './view.ts'

/** The tables that are not made of events: agents, rules, alerts, and what keeps and proves the store. */

type Made = Pick<Section, 'chart' | 'table'> & { readonly note?: string }
type MakeSet = (sources: ReportSources, span: Span) => Promise<Made>

const tableOf = (
  columns: readonly (readonly [string, ColumnKind])[],
  rows: readonly (readonly Cell[])[],
  most = 1000,
): Table => ({
  columns: columns.map(([title, kind]) => ({ title, kind })),
  rows: rows.slice(0, most),
  more: Math.max(0, rows.length - most),
})

const only = (table: Table, note = ''): Made => ({ chart: null, table, note })

const agents: MakeSet = async ({ agents, presences, store }) => {
  const rows: Cell[][] = []
  for (const { id, name, host, revoked } of agents.list()) {
    const presence = presences.get(id)
    const ledger = presence?.heartbeat?.ledger
    const chains = await store.chains(id)
    rows.push([
      revoked === null ? name : `${name} (revoked)`,
      host,
      await presences.lastSeen(id),
      presence?.clockOffset ?? null,
      ledger?.read ?? null,
      ledger?.stored ?? null,
      ledger === undefined ? null : ledger.duplicate + ledger.filtered,
      ledger?.pending ?? null,
      ledger === undefined ? null : ledger.dead + ledger.quarantined + ledger.discarded,
      chains.reduce((sum, { gaps }) => sum + gaps.reduce((all, { from, to }) => all + to - from + 1, 0), 0),
    ])
  }
  return only(
    tableOf(
      [
        ['Agent', 'text'],
        ['Host', 'text'],
        ['Last heard', 'time'],
        ['Clock ahead', 'duration'],
        ['Read', 'number'],
        ['Stored', 'number'],
        ['Left out', 'number'],
        ['Pending', 'number'],
        ['Not stored', 'number'],
        ['Missing waybills', 'number'],
      ],
      rows,
    ),
    'Each agent accounts for its records: read = stored + left out (duplicates, and types that are switched off) + pending + not stored.',
  )
}

const missingWaybills: MakeSet = async (sources, span) => {
  const missing = await missingIn(sources, span)
  return only(
    tableOf(
      [
        ['Agent', 'text'],
        ['Chain', 'id'],
        ['First missing', 'number'],
        ['Last missing', 'number'],
        ['Sealed before', 'time'],
      ],
      missing.map(({ agent, incarnation, from, to, before }) => [
        sources.agents.get(agent)?.name ?? agent,
        incarnation,
        from,
        to,
        before,
      ]),
    ),
  )
}

const deadLetters: MakeSet = async (sources, span) => {
  const { count, total } = await lettersIn(sources, span)
  const { letters } = await sources.store.deadLetters.list({ limit: 200 })
  return only(
    {
      ...tableOf(
        [
          ['Received', 'time'],
          ['Agent', 'text'],
          ['Kind', 'text'],
          ['Reason', 'text'],
          ['Event', 'id'],
        ],
        letters.map(({ at, agent, kind, reason, eventId }) => [
          at,
          sources.agents.get(agent)?.name ?? agent,
          kind,
          reason,
          eventId,
        ]),
      ),
      more: Math.max(0, total - letters.length),
    },
    total === 0
      ? 'None: every event that arrived is stored.'
      : `${total} could not be stored, ${count} of them since the beginning of the period. They are kept with their reason until somebody replays or discards them.`,
  )
}

const recording: MakeSet = async ({ settings }) => {
  const catalogue = await settings.catalogue()
  const { events, changed, by } = settings.current
  return only(
    tableOf(
      [
        ['Event type', 'id'],
        ['Title', 'text'],
        ['Entity', 'text'],
        ['Recorded', 'text'],
      ],
      events.map(({ event, entity, record }) => [
        event,
        catalogue.get(event)?.title ?? null,
        entity ?? null,
        record ? 'yes' : 'no',
      ]),
    ),
    changed === null
      ? 'Nothing was switched: every event type is recorded as its integration says.'
      : `Switched types, as they are now. The last change was made by ${by ?? 'somebody'}.`,
  )
}

const rules: MakeSet = async ({ rules, alerts }, { from, to }) => {
  const raised = alerts.all().filter((alert) => alert.raised >= from && alert.raised < to)
  return only(
    tableOf(
      [
        ['Rule', 'text'],
        ['Name', 'id'],
        ['Priority', 'text'],
        ['State', 'text'],
        ['Alerts in the period', 'number'],
      ],
      rules
        .all()
        .map(({ id, rule, enabled, problem }): Cell[] => [
          rule?.name ?? id,
          id,
          rule?.priority ?? null,
          problem !== null ? 'wrong' : enabled ? 'on' : 'off',
          raised.filter((alert) => alert.rule.id === id).length,
        ])
        .sort((a, b) => Number(b[4]) - Number(a[4])),
    ),
    'The rules as they are now; the alerts are those that were raised in the period.',
  )
}

type Alert = ReturnType<ReportSources['alerts']['all']>[number]
const stepAt = (alert: Alert, did: string): { at: number; by: string } | null =>
  alert.timeline.find((step) => step.did === did) ?? null

const inPeriod = ({ alerts }: ReportSources, { from, to }: Span): Alert[] =>
  alerts
    .all()
    .filter((alert) => alert.raised >= from && alert.raised < to)
    .sort((a, b) => a.raised - b.raised)

const alerts: MakeSet = async (sources, span) =>
  only(
    tableOf(
      [
        ['Raised', 'time'],
        ['Priority', 'text'],
        ['Rule', 'text'],
        ['Message', 'text'],
        ['Acknowledged by', 'text'],
        ['After', 'duration'],
        ['State', 'text'],
        ['Resolved after', 'duration'],
        ['Decision', 'text'],
        ['Alert', 'id'],
      ],
      inPeriod(sources, span).map((alert) => {
        const acknowledged = stepAt(alert, 'acknowledged') ?? stepAt(alert, 'assigned')
        const { resolution } = alert
        return [
          alert.raised,
          alert.priority,
          alert.rule.name,
          alert.message,
          acknowledged?.by ?? null,
          acknowledged === null ? null : acknowledged.at - alert.raised,
          alert.state,
          resolution === null ? null : resolution.at - alert.raised,
          resolution?.reason ?? null,
          alert.id,
        ]
      }),
    ),
  )

const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const

const alertResponse: MakeSet = async (sources, span) => {
  const raised = inPeriod(sources, span)
  const rows = PRIORITIES.map((priority): Cell[] => {
    const own = raised.filter((alert) => alert.priority === priority)
    const acknowledged = own.flatMap((alert) => {
      const step = stepAt(alert, 'acknowledged') ?? stepAt(alert, 'assigned')
      return step === null ? [] : [step.at - alert.raised]
    })
    const resolved = own.flatMap(({ raised, resolution }) =>
      resolution === null ? [] : [resolution.at - raised],
    )
    return [
      priority,
      own.length,
      acknowledged.length,
      median(acknowledged),
      resolved.length,
      median(resolved),
      own.filter(({ state }) => state === 'open').length,
    ]
  })
  return {
    chart: {
      kind: 'bars',
      bars: rows.map(([label, count]) => ({ label: String(label), count: Number(count) })),
      others: 0,
    },
    table: tableOf(
      [
        ['Priority', 'text'],
        ['Alerts', 'number'],
        ['Acknowledged', 'number'],
        ['Median time to that', 'duration'],
        ['Resolved', 'number'],
        ['Median time to that', 'duration'],
        ['Still open', 'number'],
      ],
      rows,
    ),
  }
}

/** Of an even number the lower of the two in the middle: a time that there was. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

const verification: MakeSet = async ({ evidenceWatch, transparencyLog }) => {
  const { enabled, newest, finished, findings, more, problem } = evidenceWatch.status()
  const { head, problem: logProblem } = transparencyLog.status()
  const rows: Cell[][] = [
    ['Verification in the background', enabled ? (problem ?? 'runs') : 'is switched off', null, null],
    [
      'The newest day',
      newest === null ? 'not verified yet' : 'verified',
      newest?.events ?? null,
      newest?.at ?? null,
    ],
    [
      'The whole store',
      finished === null ? 'not verified yet' : 'verified',
      finished?.events ?? null,
      finished?.at ?? null,
    ],
    [
      'Findings',
      findings.length + more === 0 ? 'none' : 'see below',
      findings.length + more,
      findings[0]?.at ?? null,
    ],
    [
      'Transparency log',
      logProblem ?? (head === null ? 'not opened yet' : `${head.origin}`),
      head?.size ?? null,
      head?.at ?? null,
    ],
    ...findings.slice(0, 50).map(({ at, finding }): Cell[] => ['Finding', finding.sentence, null, at]),
  ]
  return only(
    tableOf(
      [
        ['What', 'text'],
        ['Result', 'text'],
        ['Events or statements', 'number'],
        ['When', 'time'],
      ],
      rows,
    ),
    'As it is now.',
  )
}

const anchors: MakeSet = async ({ anchors }) => {
  const rows = anchors.status().map(({ name, size, at, problem }): Cell[] => [name, size, at, problem])
  return only(
    tableOf(
      [
        ['Anchor', 'text'],
        ['Statements in its newest checkpoint', 'number'],
        ['When', 'time'],
        ['Problem', 'text'],
      ],
      rows,
    ),
    rows.length === 0
      ? 'There is no anchor: nobody but this indexer keeps checkpoints. transparency-log.anchors in the settings names them.'
      : '',
  )
}

const retention: MakeSet = async ({ lifecycle }) => {
  const { categories } = await lifecycle.report()
  return only(
    tableOf(
      [
        ['Category', 'text'],
        ['Searchable', 'text'],
        ['Archive', 'text'],
        ['Events', 'number'],
        ['Bytes', 'number'],
        ['Oldest received', 'time'],
        ['In the archive', 'number'],
        ['Archive is', 'text'],
      ],
      categories.map(({ category, searchable, archive, events, bytes, oldest, archived, archiveStatus }) => [
        category,
        ageText(searchable),
        archive === null ? 'none' : ageText(archive),
        events,
        bytes,
        oldest,
        archived?.events ?? null,
        archiveStatus,
      ]),
    ),
    'As it is now.',
  )
}

const holds: MakeSet = async ({ holds }) =>
  only(
    tableOf(
      [
        ['Hold', 'id'],
        ['Case', 'text'],
        ['Query', 'text'],
        ['Made', 'time'],
        ['By', 'text'],
        ['Ends', 'time'],
        ['Ended', 'time'],
      ],
      (await holds.list()).map(({ id, case: name, query, made, by, until, ended }) => [
        id,
        name,
        query,
        made,
        by,
        until,
        ended?.at ?? null,
      ]),
    ),
  )

const archive: MakeSet = async ({ archive }) => {
  if (archive === null) return { chart: null, table: null, note: 'The settings name no archive.' }
  const { place, locks, ran, problem } = archive.state
  const objects = await archive.catalogue.objects()
  const damaged = objects.filter((one) => one.problem !== null)
  return only(
    tableOf(
      [
        ['What', 'text'],
        ['Value', 'text'],
        ['Number', 'number'],
        ['When', 'time'],
      ],
      [
        ['Place', place, null, null],
        ['Objects can be removed before their time', locks ? 'no: the place locks them' : 'yes', null, null],
        ['Last run', problem ?? 'succeeded', null, ran],
        ['Objects', null, objects.length, null],
        ['Events in them', null, objects.reduce((sum, { events }) => sum + events, 0), null],
        ['Damaged objects', damaged.map(({ name }) => name).join(', ') || null, damaged.length, null],
      ],
    ),
  )
}

export const SET_MAKERS: Readonly<Record<SetName, MakeSet>> = {
  agents,
  'missing-waybills': missingWaybills,
  'dead-letters': deadLetters,
  recording,
  rules,
  alerts,
  'alert-response': alertResponse,
  verification,
  anchors,
  retention,
  holds,
  archive,
}
