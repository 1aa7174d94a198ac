import type { estypes } from '@elastic/elasticsearch'
import { DAYS, MOST_TOLD, type Rule, windowOf } from '../../indexer/alerts/index.ts'
import { CATEGORIES } from '../../schema/index.ts'
import { alertIndex } from './alerts.ts'
import { SCRIPT, TELL_SCRIPT } from './script.ts'

type Dsl = NonNullable<estypes.QueryDslQueryContainer>

type Parts = 'trigger' | 'input' | 'condition' | 'transform' | 'actions' | 'throttle_period' | 'metadata'
/** The client's types have `undefined` in them; a watch of ours has all of these. */
export type Watch = { [Part in Parts]-?: NonNullable<estypes.WatcherWatch[Part]> }

/** Where people of a channel are reached. */
export interface Reached {
  readonly email?: readonly string[]
  readonly slack?: readonly string[]
}

export interface WatchOptions {
  readonly namespace: string
  /** The organisation's time zone. */
  readonly zone: string
  readonly channels?: Readonly<Record<string, Reached>>
  /** Where alerts are told to the indexer, with what proves who tells it. */
  readonly webhook?: { readonly url: string; readonly token: string }
}

const EVERY = 60_000
/** What was stored is found after the next refresh: a watch asks for what arrived until this long before. */
const BEHIND = 30_000
const MOST_FRESH = 1000
/** The most that one search gives. */
const MOST_AROUND = 10_000

const RUN = '{{ctx.trigger.scheduled_time}}'
/** An end of the fresh events' times; where there are none, the time of the run, since the search is made all the same. */
const end = (of: 'first' | 'last'): string => {
  const name = `ctx.payload.fresh.aggregations.${of}.value_as_string`
  return `{{${name}}}{{^${name}}}${RUN}{{/${name}}}`
}

/** Elasticsearch reckons with dates in whole seconds. */
const seconds = (ms: number): string => `${Math.ceil(ms / 1000)}s`

/** The watch that does what a rule says, of events that `query` finds. */
export function watchOf(rule: Rule, query: Dsl, options: WatchOptions): Watch {
  const within = windowOf(rule.condition)
  const fresh: Dsl = {
    range: {
      'event.ingested': { gte: `${RUN}||-${seconds(EVERY + BEHIND)}`, lt: `${RUN}||-${seconds(BEHIND)}` },
    },
  }
  return {
    trigger: { schedule: { interval: `${EVERY / 1000}s` } },
    input: {
      chain: {
        inputs: [
          { fresh: search(rule, [query, fresh], options, within > 0 ? 0 : MOST_FRESH) },
          ...(within > 0 ? [{ around: search(rule, [query, near(within)], options, MOST_AROUND) }] : []),
        ],
      },
    },
    condition: { compare: { 'ctx.payload.fresh.hits.total': { gt: 0 } } },
    transform: { script: { lang: 'painless', source: SCRIPT, params: parametersOf(rule, options) } },
    actions: actionsOf(rule, options),
    // Each action says its own.
    throttle_period: '1s',
    metadata: { waybill: { rule: rule.id, namespace: options.namespace } },
  }
}

const near = (within: number): Dsl => ({
  range: {
    '@timestamp': { gte: `${end('first')}||-${seconds(within)}`, lte: `${end('last')}||+${seconds(within)}` },
  },
})

function search(
  rule: Rule,
  filter: Dsl[],
  { namespace }: WatchOptions,
  size: number,
): NonNullable<estypes.WatcherInputContainer> {
  return {
    search: {
      request: {
        indices: CATEGORIES.map((category) => `waybill-${category}-${namespace}`),
        indices_options: { ignore_unavailable: true, allow_no_indices: true },
        rest_total_hits_as_int: true,
        body: {
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
      },
    },
  }
}

/** What the script reads of an event. */
function neededBy({ groupBy, condition, message }: Rule): string[] {
  const named = message.flatMap((part) => (typeof part === 'string' ? [] : [part.name]))
  const counted = condition.kind === 'distinct' ? [condition.field] : []
  const always = ['@timestamp', 'event.id', 'event.ingested', 'user.name', 'source.ip']
  return [...new Set([...always, ...groupBy, ...named.filter((name) => name !== 'count'), ...counted])]
}

function parametersOf(rule: Rule, { zone }: WatchOptions): Record<string, unknown> {
  const { id, name, priority, channels, groupBy, message, throttle, condition } = rule
  return {
    rule: id,
    name,
    priority,
    channels,
    groupBy,
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

/** The index always; people and the indexer where they are set up. Throttles are said for each: the default is for none of them. */
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
      // An alert that goes on has the same id: it is brought up to date, not doubled.
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
  }
}

function requestTo({ url, token }: NonNullable<WatchOptions['webhook']>): estypes.WatcherWebhookAction {
  return {
    method: 'post',
    url,
    headers: { 'Content-Type': 'application/json' },
    // Of all ways to say who one is, Elasticsearch hides only this one where it shows a watch.
    auth: { basic: { username: 'watcher', password: token } },
    connection_timeout: '10s',
    read_timeout: '30s',
    body: '{{#toJson}}ctx.payload{{/toJson}}',
  }
}
