import * as z from 'zod'
import {
  backtestSchema,
  backtestShape,
  checkedRuleShape,
  explainSchema,
  explainShape,
  type RuleShape,
  ruleAnswerShape,
  ruleCheckSchema,
  ruleIdSchema,
  ruleSwitchSchema,
  rulesShape,
  ruleTextSchema,
} from '../../../schema/api/index.ts'
import { type AuditEvent, foldKeyword } from '../../../schema/index.ts'
import { isLedgerCondition } from '../../../schema/rule.ts'
import {
  type BookRule,
  backtest,
  conditionText,
  type Explained,
  explain,
  type ParsedRule,
  problemIn,
  queryRowsIn,
  timeOf,
  tryExamples,
} from '../../alerts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

const params = z.object({ id: ruleIdSchema })
/** A text of 64 Ki characters, each as long as JSON can make it. */
const RULE_BYTES = 512 * 1024

const BACKTEST = { alerts: 1000, events: 500_000, time: 10_000 } as const
const LONGEST_BACKTEST = 400 * 86_400_000
/** An explanation looks at fewer events: it is about one. */
const FIRES = { alerts: 1000, events: 50_000, time: 3_000 } as const
/** The name of a rule that has none yet. */
const UNNAMED = 'rule'

/** The alert rules: those of the folder, and those that people write here. */
export function ruleRoutes({ rules, fares, calendar, eventsFor, readings, elapsed }: Service): Route[] {
  const shapeOf = (one: BookRule): RuleShape => {
    const { id, rule, enabled, origin } = one
    const { problem, ...figures } = fares(id)
    return {
      id,
      name: rule?.name ?? id,
      about: rule?.about ?? '',
      condition: rule === null ? '' : conditionText(rule),
      priority: rule?.priority ?? 'medium',
      channels: [...(rule?.channels ?? [])],
      enabled,
      origin,
      ...figures,
      problem: one.problem ?? problem,
    }
  }
  const demand = (id: string): BookRule => {
    const found = rules.get(id)
    if (found === undefined) throw new Refusal('WB-NOT-FOUND', `There is no rule ${id}.`)
    return found
  }
  function demandValid(text: string): ParsedRule {
    const read = rules.read(UNNAMED, text)
    if (read.rule === null) throw new Refusal('WB-RULE-INVALID', problemIn(`${UNNAMED}.yml`, read) ?? '')
    return read.rule
  }
  const answerOf = async (one: BookRule) => ({
    rule: shapeOf(one),
    text: one.text,
    version: one.version,
    changed: one.changed,
    changes: await rules.earlier(one.id),
  })

  async function eventOf(id: string, asker: Asker): Promise<AuditEvent> {
    const event = await eventsFor(asker).get(id)
    if (event === null) throw new Refusal('WB-EVENT-UNKNOWN', `There is no event ${id}.`)
    readings.note(asker, { action: 'view', did: `read the event ${id}`, entity: { type: 'event', id } })
    return event
  }

  /** Whether an event meets the condition of a rule, by those before it; null if there were too many to look at. */
  async function firesWith(
    rule: ParsedRule,
    { matches, group }: Explained,
    event: AuditEvent,
    asker: Asker,
  ): Promise<boolean | null> {
    if (!matches || group === null) return false
    const at = timeOf(event)
    // The throttle does not count: it only says whether people hear of it again.
    const { alerts, until } = await backtest({ ...rule, throttle: 1 }, eventsFor(asker), {
      from: at,
      to: at + 1,
      calendar: calendar(),
      limits: FIRES,
      elapsed,
      gone: asker.gone,
    })
    if (alerts.some((alert) => isSameGroup(alert.group, group))) return true
    return until > at ? false : null
  }

  return [
    route({
      method: 'GET',
      path: '/v1/rules',
      needs: 'search',
      shows: 'records',
      about: 'All alert rules, by their ids, and how each fares.',
      answers: { 200: json('The rules.', rulesShape) },
      serve: async () => ({ rules: rules.all().map(shapeOf), problem: rules.folderProblem }),
    }),
    route({
      method: 'GET',
      path: '/v1/rules/:id',
      needs: 'search',
      shows: 'records',
      about: 'One rule with its text and its earlier texts.',
      params,
      answers: { 200: json('The rule.', ruleAnswerShape) },
      serve: ({ params: { id } }) => answerOf(demand(id)),
    }),
    route({
      method: 'PUT',
      path: '/v1/rules/:id',
      needs: 'rules',
      shows: 'records',
      about:
        'Saves the text of a rule in the store. It takes precedence over a file of the same name. A text with mistakes is refused; 412 if `version` is not the current one any more.',
      params,
      body: ruleTextSchema,
      largestBody: RULE_BYTES,
      answers: { 200: json('The saved rule.', ruleAnswerShape) },
      serve: async ({ params: { id }, body: { text, version, enabled }, asker }) =>
        answerOf(await rules.put(id, { text, version, enabled }, asker)),
    }),
    route({
      method: 'DELETE',
      path: '/v1/rules/:id',
      needs: 'rules',
      shows: 'records',
      about: 'Removes a rule from the store. If a file has it too, the text of the file counts again.',
      params,
      query: z.strictObject({ version: z.coerce.number().int().optional() }),
      answers: { 204: { about: 'Removed.', content: {} } },
      async serve({ params: { id }, query: { version }, asker, reply }) {
        await rules.remove(id, version, asker)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'POST',
      path: '/v1/rules/:id/enabled',
      needs: 'rules',
      shows: 'records',
      about: 'Switches a rule on or off, also one that is a file.',
      params,
      body: ruleSwitchSchema,
      answers: { 200: json('The rule.', ruleAnswerShape) },
      serve: async ({ params: { id }, body: { enabled }, asker }) =>
        answerOf(await rules.switch(id, enabled, asker)),
    }),
    route({
      method: 'POST',
      path: '/v1/rules/check',
      needs: 'search',
      shows: 'records',
      about: 'The mistakes in the text of a rule, and what the rule finds in its examples. Saves nothing.',
      body: ruleCheckSchema,
      largestBody: RULE_BYTES,
      answers: { 200: json('The mistakes and the examples.', checkedRuleShape) },
      async serve({ body: { text } }) {
        const { rule, mistakes } = rules.read(UNNAMED, text)
        // Examples are written for UTC, so that they give the same result everywhere.
        const verdicts = rule === null ? [] : tryExamples(rule, { zone: 'UTC' })
        return {
          query: queryRowsIn(text),
          problems: mistakes,
          examples: verdicts.map(({ example: { is, fires }, alerts }) => ({
            is,
            expected: fires,
            found: alerts.length,
          })),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/rules/backtest',
      needs: 'search',
      shows: 'records',
      about: `When a rule would have fired on stored events. It judges at most ${BACKTEST.events} events, and ends after ${BACKTEST.time / 1000} seconds.`,
      body: backtestSchema,
      largestBody: RULE_BYTES,
      answers: { 200: json('The alerts.', backtestShape) },
      async serve({ body: { text, from, to }, asker }) {
        const rule = demandValid(text)
        if (to <= from || to - from > LONGEST_BACKTEST)
          throw new Refusal(
            'WB-REQUEST-INVALID',
            'The body: expected a time of up to 400 days, and to after from.',
          )
        if (isLedgerCondition(rule.condition))
          throw new Refusal(
            'WB-REQUEST-INVALID',
            'This rule is about agents and the store, whose past is not stored, so it can’t be tested on it.',
          )
        readings.note(asker, {
          action: 'search',
          did: `tested an alert rule on the events for ${JSON.stringify(rule.asked)}`,
          payload: { query: rule.asked, from, to },
        })
        const limits = BACKTEST
        const found = await backtest(rule, eventsFor(asker), {
          from,
          to,
          calendar: calendar(),
          limits,
          elapsed,
          gone: asker.gone,
        })
        return {
          alerts: found.alerts.map(({ at, last, group, count, message }) => ({
            at,
            last,
            group,
            count,
            message,
          })),
          total: found.total,
          perDay: [...found.perDay].map(([day, alerts]) => ({ day, alerts })),
          until: found.until,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/rules/explain',
      needs: 'search',
      shows: 'records',
      about:
        'Which rules match an event, and which conditions of the others it does not meet. With `rule` or `text` also whether the event meets the condition of that rule.',
      body: explainSchema,
      largestBody: RULE_BYTES,
      answers: { 200: json('The explanations, those of the matching rules first.', explainShape) },
      async serve({ body: { event: id, rule: only, text }, asker }) {
        const event = await eventOf(id, asker)
        if (text !== undefined) {
          const rule = demandValid(text)
          const explained = explain(rule, text, event, calendar())
          const fires = await firesWith(rule, explained, event, asker)
          return { rules: [{ id: only ?? UNNAMED, name: rule.name, enabled: true, ...explained, fires }] }
        }
        const asked = only === undefined ? rules.all() : [demand(only)]
        const explained = asked.flatMap(({ id, rule, text, enabled }) =>
          // Rules about agents and the store look at no event.
          rule === null || isLedgerCondition(rule.condition)
            ? []
            : [{ rule, shown: { id, name: rule.name, enabled, ...explain(rule, text, event, calendar()) } }],
        )
        const found = explained.toSorted((a, b) => Number(b.shown.matches) - Number(a.shown.matches))
        return {
          rules: await Promise.all(
            found.map(async ({ rule, shown }) => ({
              ...shown,
              fires: only === undefined ? null : await firesWith(rule, shown, event, asker),
            })),
          ),
        }
      },
    }),
  ]
}

type Group = Readonly<Record<string, string>>

const isSameGroup = (a: Group, b: Group): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([field, value]) => foldKeyword(value) === foldKeyword(b[field] ?? ''))
