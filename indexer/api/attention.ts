import type { AttentionItem, AttentionShape, IncidentShape } from '../../schema/api/index.ts'
import { PRIORITIES } from '../../schema/rule.ts'
import { isFull } from '../accounts/index.ts'
import { listText } from '../reports/index.ts'
import type { Asker } from './access.ts'
import type { Service } from './service.ts'

/** Gathers what needs somebody, so that one look tells whether anything is wrong, since when, and where to go on. */

const MOST_INCIDENTS = 8
/** Days until the disk is full, below which somebody should act. */
const SOON = 14
const VERY_SOON = 3
/** A batch is on its way for a moment at any time. */
const BEHIND = 10 * 60_000

type Item = Omit<AttentionItem, 'id' | 'remedy'> & Partial<Pick<AttentionItem, 'id' | 'remedy'>>

export async function attentionFor(asker: Asker, service: Service): Promise<AttentionShape> {
  const items: AttentionItem[] = []
  const add = (...found: readonly Item[]): void => {
    for (const item of found) items.push({ id: null, remedy: '', ...item })
  }
  const checked: AttentionShape['checked'][number][] = []
  let more = 0
  if (isFull(asker.visibility)) {
    checked.push('incidents')
    const open = incidentsOf(service)
    add(...open.slice(0, MOST_INCIDENTS))
    more = Math.max(0, open.length - MOST_INCIDENTS)
  }
  if (asker.permissions.has('status') && asker.visibility.only === null) {
    checked.push('operation')
    add(
      ...agentsOf(service),
      ...(await missingOf(service)),
      ...(await lettersOf(service)),
      ...evidenceOf(service),
      ...archiveOf(service),
      ...(await storageOf(service)),
      ...rulesOf(service),
      ...(await schedulesOf(service)),
      ...(await deliveriesOf(service)),
    )
  }
  // Where collecting itself is in trouble, incidents may be missing.
  const isIncident = ({ place }: AttentionItem): boolean => place === 'incidents' || place === 'alerts'
  const rank = ({ priority }: AttentionItem): number => PRIORITIES.indexOf(priority)
  // What is about now, and has no beginning, comes before what began at some time.
  items.sort(
    (a, b) =>
      rank(b) - rank(a) ||
      Number(isIncident(a)) - Number(isIncident(b)) ||
      (b.since ?? Number.MAX_VALUE) - (a.since ?? Number.MAX_VALUE),
  )
  return { items, more, checked }
}

/** Open incidents, the newest of each kind: an account that is attacked each night is one thing to look at, not thirty. */
function incidentsOf({ alerts }: Service): Item[] {
  const ids = new Set(
    alerts
      .all()
      .filter(({ state }) => state !== 'resolved')
      .map(({ incident }) => incident),
  )
  const open = [...ids].flatMap((id) => alerts.incident(id) ?? []).sort((a, b) => b.last - a.last)
  const kinds = new Map<string, IncidentShape[]>()
  for (const incident of open) {
    const { priority, rules, users, addresses } = incident
    const kind = JSON.stringify([priority, rules, users.length > 0 ? users : addresses])
    kinds.set(kind, [...(kinds.get(kind) ?? []), incident])
  }
  return [...kinds.values()].flatMap(([newest, ...earlier]): Item[] => {
    if (newest === undefined) return []
    const { id, priority, state, first, alerts } = newest
    const like =
      earlier.length === 0
        ? ''
        : ` ${earlier.length} earlier ${earlier.length === 1 ? 'one' : 'ones'} like it ${earlier.length === 1 ? 'is' : 'are'} open, too.`
    return [
      {
        priority,
        sentence: shortOf(newest),
        remedy: `${state === 'open' ? 'Nobody has acknowledged it.' : 'Somebody works on it.'}${like}`,
        since: first,
        // An incident of one alert is shown as that alert.
        ...(alerts.length === 1 ? { place: 'alerts', id: alerts[0] ?? null } : { place: 'incidents', id }),
      },
    ]
  })
}

const MOST_RULES = 3

/** An incident of a dozen rules is named by the most serious ones. */
function shortOf({ summary, rules }: IncidentShape): string {
  const about = summary.lastIndexOf(': ')
  if (rules.length <= MOST_RULES + 1 || about < 0) return summary
  return `${rules.slice(0, MOST_RULES).join(', ')} and ${rules.length - MOST_RULES} more rules${summary.slice(about)}`
}

function agentsOf({ agents, presences, clock, silentAfter }: Service): Item[] {
  const now = clock()
  const active = agents.list().filter(({ revoked }) => revoked === null)
  const seen = (id: string): number => presences.get(id)?.lastSeen ?? 0
  const silent = active.filter(({ id }) => now - seen(id) > silentAfter())
  const behind = active.filter(
    ({ id }) =>
      (presences.get(id)?.heartbeat?.oldestPending ?? 0) > BEHIND && !silent.some((one) => one.id === id),
  )
  const named = (some: readonly { readonly name: string }[]): string => listText(some.map(({ name }) => name))
  return [
    ...(silent.length === 0
      ? []
      : [
          {
            priority: 'high' as const,
            sentence: `${named(silent)} ${silent.length === 1 ? 'does' : 'do'} not report.`,
            remedy:
              'What they record meanwhile waits on their hosts. Look whether the hosts and the agents run.',
            since: Math.min(...silent.map(({ id, enrolled }) => seen(id) || enrolled)),
            place: 'agents' as const,
          },
        ]),
    ...(behind.length === 0
      ? []
      : [
          {
            priority: 'medium' as const,
            sentence: `${named(behind)} ${behind.length === 1 ? 'has' : 'have'} records that are not stored yet.`,
            since:
              now - Math.max(...behind.map(({ id }) => presences.get(id)?.heartbeat?.oldestPending ?? 0)),
            place: 'agents' as const,
          },
        ]),
  ]
}

async function missingOf({ agents, store, breaks }: Service): Promise<Item[]> {
  const missing: string[] = []
  let count = 0
  for (const { id, name } of agents.list())
    for (const { gaps } of await store.chains(id)) {
      if (gaps.length > 0) missing.push(name)
      count += gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    }
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            priority: 'high' as const,
            sentence: `${count === 1 ? '1 waybill' : `${count} waybills`} of ${listText([...new Set(missing)])} ${count === 1 ? 'has' : 'have'} not arrived.`,
            remedy: 'Look into the quarantine of the agent: waybill-agent quarantine.',
            since: null,
            place: 'agents' as const,
          },
        ]),
    ...(breaks.count === 0
      ? []
      : [
          {
            priority: 'critical' as const,
            sentence: `${breaks.count === 1 ? 'A chain of waybills contradicts' : `${breaks.count} chains of waybills contradict`} itself: something was removed, added or changed.`,
            since: null,
            place: 'evidence' as const,
          },
        ]),
  ]
}

async function lettersOf({ store }: Service): Promise<Item[]> {
  const { deadLetters } = await store.status()
  return deadLetters === 0
    ? []
    : [
        {
          priority: 'medium',
          sentence: `${deadLetters === 1 ? '1 event' : `${deadLetters} events`} could not be stored.`,
          since: null,
          place: 'dead-letters',
        },
      ]
}

function evidenceOf({ evidenceWatch, transparencyLog, anchors }: Service): Item[] {
  const { findings, more, problem } = evidenceWatch.status()
  const wrong = findings.filter(({ finding }) => finding.weight === 'wrong')
  const { problem: logProblem } = transparencyLog.status()
  const failing = anchors.status().filter((one) => one.problem !== null)
  return [
    ...(wrong.length === 0
      ? []
      : [
          {
            priority: 'critical' as const,
            sentence: `The verification found something wrong ${wrong.length + more === 1 ? 'once' : `${wrong.length + more} times`}: ${wrong[0]?.finding.sentence ?? ''}`,
            since: Math.min(...wrong.map(({ at }) => at)),
            place: 'evidence' as const,
          },
        ]),
    ...(problem === null
      ? []
      : [{ priority: 'medium' as const, sentence: problem, since: null, place: 'evidence' as const }]),
    ...(logProblem === null
      ? []
      : [{ priority: 'high' as const, sentence: logProblem, since: null, place: 'evidence' as const }]),
    ...failing.map(({ name, problem: why, at }) => ({
      priority: 'medium' as const,
      sentence: `The anchor ${name} fails: ${why}`,
      since: at,
      place: 'evidence' as const,
    })),
  ]
}

function archiveOf({ archive }: Service): Item[] {
  const { problem, ran } = archive?.state ?? { problem: null, ran: null }
  return problem === null
    ? []
    : [
        {
          priority: 'high',
          sentence: `Nothing can be archived: ${problem}`,
          remedy: 'Events past their time stay in the store until then.',
          since: ran,
          place: 'archives',
        },
      ]
}

async function storageOf({ lifecycle, store }: Service): Promise<Item[]> {
  const { fullInDays, categories } = await lifecycle.report()
  const { problem } = await store.status()
  const waiting = categories.filter(({ archiveStatus }) => archiveStatus === 'damaged')
  return [
    ...(problem === null
      ? []
      : [{ priority: 'critical' as const, sentence: problem, since: null, place: 'storage' as const }]),
    ...(fullInDays === null || fullInDays > SOON
      ? []
      : [
          {
            priority: fullInDays <= VERY_SOON ? ('critical' as const) : ('high' as const),
            sentence: `The disk is full in ${fullInDays < 1 ? 'less than a day' : Math.floor(fullInDays) === 1 ? '1 day' : `${Math.floor(fullInDays)} days`} at the present growth.`,
            since: null,
            place: 'storage' as const,
          },
        ]),
    ...waiting.map(({ category }) => ({
      priority: 'high' as const,
      sentence: `The archive of ${category} has a damaged object.`,
      since: null,
      place: 'archives' as const,
    })),
    ...lifecycle.warnings.map((sentence) => ({
      priority: 'medium' as const,
      sentence,
      since: null,
      place: 'storage' as const,
    })),
  ]
}

function rulesOf({ rules }: Service): Item[] {
  const wrong = rules.all().filter(({ enabled, problem }) => enabled && problem !== null)
  return wrong.length === 0
    ? []
    : [
        {
          priority: 'medium',
          sentence: `${wrong.length === 1 ? 'A rule does' : `${wrong.length} rules do`} not run, because of mistakes: ${listText(wrong.map(({ id }) => id))}.`,
          since: null,
          place: 'rules',
        },
      ]
}

async function schedulesOf({ schedules }: Service): Promise<Item[]> {
  return (await schedules.list())
    .filter(({ schedule, problem }) => schedule.enabled && problem !== null)
    .map(({ id, schedule, problem }) => ({
      priority: 'medium' as const,
      sentence: `The report "${schedule.title}" is not made: ${problem}`,
      since: null,
      place: 'reports' as const,
      id,
    }))
}

/** Failed deliveries of this time are shown; the job has all of them. */
const DELIVERED_WITHIN = 7 * 86_400_000

async function deliveriesOf({ jobs, clock }: Service): Promise<Item[]> {
  const since = clock() - DELIVERED_WITHIN
  return (await jobs.list())
    .filter(({ created }) => created >= since)
    .flatMap(({ id, title, finished, deliveries }) => {
      const troubled = (deliveries ?? []).filter(({ state, reason }) => state !== 'sent' && reason !== null)
      return troubled.length === 0
        ? []
        : [
            {
              priority: 'medium' as const,
              sentence: `"${title}" did not reach ${listText(troubled.map(({ to }) => to))}: ${troubled[0]?.reason ?? ''}`,
              since: finished,
              place: 'reports' as const,
              id,
            },
          ]
    })
    .slice(0, MOST_INCIDENTS)
}
