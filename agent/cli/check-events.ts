import { closest } from '../../config/index.ts'
import { type EventRule, typeMatcher } from '../../schema/index.ts'
import type { AgentConfig } from '../config.ts'
import { localRules } from '../event-status.ts'
import type { EventCatalogue } from '../normalise/index.ts'

/** What is to be said of a rule of agent.yml; null where it does what it says. */
function problemOf(rule: EventRule, catalogues: readonly EventCatalogue[]): string | null {
  const types = catalogues.flatMap((catalogue) => catalogue.types)
  const meant = types.filter(({ id }) => typeMatcher(rule.event)(id))
  if (meant.length > 0) {
    const always = meant.every(({ mandatory }) => mandatory)
    return always ? `${rule.event} is mandatory: it is recorded whatever is said here` : null
  }
  // One file may serve many hosts: a rule about what is not read here is no mistake.
  if (!catalogues.some(({ integration }) => rule.event.startsWith(`${integration}.`))) return null
  const near = closest(
    rule.event,
    types.map(({ id }) => id),
  )
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`
  return `there is no event type ${rule.event}${hint}; \`waybill-agent status --events\` lists them`
}

/** Rules about events in agent.yml that do nothing, with their lines. */
export async function idleRules(
  file: string,
  config: AgentConfig,
): Promise<{ readonly line: number; readonly sentence: string }[]> {
  const { everywhere, inputs } = await localRules(file, config)
  const all = inputs.flatMap(({ catalogues }) => catalogues)
  const judged = [
    ...everywhere.map((local) => ({ local, catalogues: all })),
    ...inputs.flatMap(({ rules, catalogues }) => rules.map((local) => ({ local, catalogues }))),
  ]
  return judged.flatMap(({ local: { rule, line }, catalogues }) => {
    const sentence = problemOf(rule, catalogues)
    return sentence === null ? [] : [{ line, sentence }]
  })
}
