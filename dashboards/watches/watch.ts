import type { estypes } from '@elastic/elasticsearch'
import { MOST_TOLD } from '../../schema/api/index.ts'
import { CATEGORIES } from '../../schema/index.ts'
import { ALONE, DAYS, isSingle, type Rule, windowOf } from '../../schema/rule.ts'
import { SCRIPT, SEEN_SCRIPT, TELL_SCRIPT } from './script.ts'

export type Dsl = NonNullable<estypes.QueryDslQueryContainer>

type Parts = 'trigger' | 'input' | 'condition' | 'transform' | 'actions' | 'throttle_period' | 'metadata'
/** The client's types have `undefined` in them; a watch of ours has all of these. */
export type Watch = { [Part in Parts]-?: NonNullable<estypes.WatcherWatch[Part]> }

/** The addresses of a channel's people. */
export interface Reached {
  readonly email?: readonly string[]
  readonly slack?: readonly string[]
}

export interface WatchOptions {
  readonly namespace: string
  /** The organisation's time zone. */
  readonly zone: string
  readonly channels?: Readonly<Record<string, Reached>>
  /** The address to which watches report alerts, with their token. */
  readonly webhook?: { readonly url: string; readonly token: string }
}

/** The index that watches write their alerts to. */
export const alertIndex = (namespace: string): string => `waybill-alerts-${namespace}`

const EVERY = 60_000
/** The delay of a watch, ms: stored events are found after the next refresh, so it asks only for events that arrived before this time. */
const BEHIND = 30_000
const MOST_FRESH = 1000
/** The most that one search gives. */
const MOST_AROUND = 10_000

const RUN = '{{ctx.trigger.scheduled_time}}'
/** An end of the fresh events' times; if there are none, the time of the run, since the search is made nevertheless. */
const end = (of: 'first' | 'last'): string => {
  const name = `ctx.payload.fresh.aggregations.${of}.value_as_string`
  return `{{${name}}}{{^${name}}}${RUN}{{/${name}}}`
}

/** Elasticsearch reckons with dates in whole seconds. */
const seconds = (ms: number): string => `${Math.ceil(ms / 1000)}s`

/** The end of the last run, however long ago: a cluster that was down loses no alert. The first run looks back over one interval. */
const LAST = 'ctx.payload.last.hits.hits'
const SINCE = `{{#${LAST}}}{{_source.value}}{{/${LAST}}}{{^${LAST}}}${RUN}||-${seconds(EVERY + BEHIND)}{{/${LAST}}}`

/** The watch for a rule, over the events that `query` finds. */
export function watchOf(rule: Rule, query: Dsl, options: WatchOptions): Watch {
  const within = windowOf(rule.condition)
  const fresh: Dsl = {
    range: { 'event.ingested': { gte: SINCE, lt: `${RUN}||-${seconds(BEHIND)}` } },
  }
  return {
    trigger: { schedule: { interval: `${EVERY / 1000}s` } },
    input: {
      chain: {
        inputs: [
          { last: lastRun(rule, options) },
          { fresh: search(rule, [query, fresh], options, within > 0 ? 0 : MOST_FRESH) },
          ...(within > 0 ? [{ around: search(rule, [query, near(within)], options, MOST_AROUND) }] : []),
        ],
      },
    },
    // Also a run that finds nothing is remembered; each other action has a condition of its own.
    condition: { always: {} },
    transform: { script: { lang: 'painless', source: SCRIPT, params: parametersOf(rule, options) } },
    actions: actionsOf(rule, options),
    // Each action has its own.
    throttle_period: '1s',
    metadata: { waybill: { rule: rule.id, namespace: options.namespace } },
  }
}

/** The record of the last run of this rule's watch: until when it looked at what arrived. */
function lastRun({ id }: Rule, { namespace }: WatchOptions): Input {
  return searchIn([recordIndex(namespace)], { size: 1, query: { ids: { values: [recordOf(id)] } } })
}

const recordIndex = (namespace: string): string => `waybill-records-${namespace}`
const recordOf = (rule: string): string => `watch.${rule}`

const near = (within: number): Dsl => ({
  range: {
    '@timestamp': { gte: `${end('first')}||-${seconds(within)}`, lte: `${end('last')}||+${seconds(within)}` },
  },
})

function search(rule: Rule, filter: Dsl[], { namespace }: WatchOptions, size: number): Input {
  return searchIn(
    CATEGORIES.map((category) => `waybill-${category}-${namespace}`),
    {
      size,
      track_total_hits: true,
      sort: [{ '@timestamp': { order: 'asc' } }],
      _source: neededBy(rule),
      query: { bool: { filter } },
      ...(size === 0 && {
        aggs: {
          first: { min: { field: '@timestamp', format: 'strict_date_optional_time' } },
          last: { max: { field: '@timestamp', format: 'strict_date_optional_time' } },
        },
      }),
    },
  )
}

type Input = NonNullable<estypes.WatcherInputContainer>
type Body = NonNullable<NonNullable<Input['search']>['request']['body']>

/** A search in indices that may not exist yet. */
const searchIn = (indices: string[], body: Body): Input => ({
  search: {
    request: {
      indices,
      indices_options: { ignore_unavailable: true, allow_no_indices: true },
      rest_total_hits_as_int: true,
      body,
    },
  },
})

/** The fields of the users and addresses that an event is about. */
const RELATED = ['related.user', 'related.ip']

/** The fields of an event that the script reads. */
function neededBy({ groupBy, condition, message }: Rule): string[] {
  const named = message.flatMap((part) => (typeof part === 'string' ? [] : [part.name]))
  const counted = condition.kind === 'distinct' ? [condition.field] : []
  const always = ['@timestamp', 'event.id', 'event.ingested', 'user.name', 'source.ip', ...RELATED]
  return [...new Set([...always, ...groupBy.flat(), ...named.filter((name) => name !== 'count'), ...counted])]
}

function parametersOf(rule: Rule, { zone }: WatchOptions): Record<string, unknown> {
  const { id, name, priority, channels, groupBy, message, throttle, condition } = rule
  return {
    rule: id,
    name,
    priority,
    channels,
    groupBy,
    alone: isSingle(condition) ? ALONE : null,
    message,
    throttle,
    freshFrom: EVERY + BEHIND,
    freshTo: BEHIND,
    within: windowOf(condition),
    atLeast: 'atLeast' in condition ? condition.atLeast : 1,
    distinct: condition.kind === 'distinct' ? condition.field : null,
    schedule:
      condition.kind === 'schedule'
        ? {
            zone,
            from: condition.from,
            to: condition.to,
            days: condition.days.map((day) => DAYS.indexOf(day) + 1),
          }
        : null,
  }
}

const SOME = {
  script: { lang: 'painless', source: 'return ctx.payload._doc.size() > 0' },
} satisfies estypes.WatcherConditionContainer
const EACH = 'ctx.payload._doc'

/**
 * The actions of a watch: the index always; people and the indexer if they are configured. Each sets its throttle period, since the default
 * fits none of them.
 */
function actionsOf(
  rule: Rule,
  { namespace, channels = {}, webhook }: WatchOptions,
): Record<string, estypes.WatcherAction> {
  const reached = rule.channels.flatMap((channel) => channels[channel] ?? [])
  const email = [...new Set(reached.flatMap(({ email = [] }) => email))]
  const slack = [...new Set(reached.flatMap(({ slack = [] }) => slack))]
  const quiet = `${rule.throttle}ms`
  return {
    keep: {
      condition: SOME,
      throttle_period: '1s',
      // An alert that continues has the same id: it is brought up to date, not doubled.
      index: { index: alertIndex(namespace), op_type: 'index' },
    },
    ...(webhook !== undefined && {
      tell: {
        condition: SOME,
        throttle_period: '1s',
        transform: {
          script: { lang: 'painless', source: TELL_SCRIPT, params: { rule: rule.id, ...MOST_TOLD } },
        },
        webhook: requestTo(webhook),
      },
    }),
    ...(email.length > 0 && {
      email: {
        condition: SOME,
        throttle_period: quiet,
        email: {
          to: email,
          subject: `[Waybill, ${rule.priority}] ${rule.name}`,
          body: { text: `{{#${EACH}}}{{message}}\n{{/${EACH}}}\n${rule.response}` },
        },
      },
    }),
    ...(slack.length > 0 && {
      slack: {
        condition: SOME,
        foreach: EACH,
        max_iterations: 100,
        throttle_period: quiet,
        slack: { message: { from: 'Waybill', to: slack, text: '{{ctx.payload.message}}', attachments: [] } },
      },
    }),
    // This action comes last: a run whose alerts could not be kept is repeated.
    seen: {
      condition: { always: {} },
      throttle_period: '1s',
      transform: {
        script: { lang: 'painless', source: SEEN_SCRIPT, params: { rule: rule.id, freshTo: BEHIND } },
      },
      index: { index: recordIndex(namespace), doc_id: recordOf(rule.id) },
    },
  }
}

function requestTo({ url, token }: NonNullable<WatchOptions['webhook']>): estypes.WatcherWebhookAction {
  return {
    method: 'post',
    url,
    headers: { 'Content-Type': 'application/json' },
    // This is the only credential that Elasticsearch hides when it shows a watch.
    auth: { basic: { username: 'watcher', password: token } },
    connection_timeout: '10s',
    read_timeout: '30s',
    body: '{{#toJson}}ctx.payload{{/toJson}}',
  }
}
