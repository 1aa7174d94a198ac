import type { Client, estypes } from '@elastic/elasticsearch'
import * as z from 'zod'
import { CATEGORIES, OperatorError } from '../../../../schema/index.ts'
import { ageText, type RetentionTable, type Rule, windowOf } from '../../../lifecycle/table.ts'
import { MOST_SHARD_BYTES } from '../ageing.ts'
import { statusOf } from '../failures.ts'
import type { Names } from '../names.ts'
import { EARLIER_ROLES, type RoleBody, rolesFor, type Withheld } from './privileges.ts'
import { type Step, stepFor } from './step.ts'
import { eventComponent, TEMPLATES_VERSION, type TemplateChoice, templatesOf } from './templates.ts'

/** Asks for something by name; null if it does not exist. */
async function found<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (thrown) {
    if (statusOf(thrown) === 404) return null
    throw thrown
  }
}

/** Lifecycle policies from the table, one for each category. */
export async function policySteps(
  client: Client,
  names: Names,
  table: RetentionTable,
): Promise<(Step | null)[]> {
  return Promise.all(
    CATEGORIES.map(async (category) => {
      const name = names.policy(category)
      const policy = policyOf(table[category])
      const is = await installedPolicy(client, name)
      const step = stepFor({
        kind: 'lifecycle policy',
        name,
        is,
        shouldBe: policy,
        put: () => client.ilm.putLifecycle({ name, policy }),
      })
      const shortens = is === null ? null : shortening(keptBy(is), keptBy(policy))
      return step === null || shortens === null ? step : { ...step, shortens }
    }),
  )
}

/** Returns a policy of the cluster, or null if there is none of this name. */
export async function installedPolicy(client: Client, name: string): Promise<estypes.IlmPolicy | null> {
  const answer = await found(() => client.ilm.getLifecycle({ name }))
  return answer?.[name]?.policy ?? null
}

/** Returns how long a policy keeps an index after its rollover, ms; Infinity if it deletes none. */
export function keptBy({ phases }: estypes.IlmPolicy): number {
  if (phases.delete === undefined) return Number.POSITIVE_INFINITY
  return msOf(String(phases.delete.min_age ?? '0ms'))
}

const UNIT: Readonly<Record<string, number>> = {
  nanos: 1e-6,
  micros: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads a time as Elasticsearch writes it; NaN for another text. */
function msOf(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(nanos|micros|ms|s|m|h|d)$/.exec(text) ?? []
  return amount === undefined || unit === undefined ? Number(text) : Number(amount) * UNIT[unit]!
}

/** Returns a sentence if events would be kept for less time than now; otherwise null. */
export function shortening(before: number, after: number): string | null {
  if (before <= after) return null
  const kept =
    before === Number.POSITIVE_INFINITY ? 'deletes nothing now' : `keeps indices ${ageText(before)} now`
  return `${kept}, and would delete them ${ageText(after)} after their rollover`
}

/** Throws if templates are of a newer version than this one knows. */
function demandKnown(name: string, version: number | undefined): void {
  if (version !== undefined && version > TEMPLATES_VERSION)
    throw new OperatorError(
      'WB-ELASTICSEARCH-VERSION',
      `${name} in the cluster is of version ${version}, and this Waybill knows version ${TEMPLATES_VERSION}: run setup with the newer Waybill that made it. An older indexer may continue to write.`,
    )
}

/** The component comes first: templates name it. */
export async function templateSteps(client: Client, choice: TemplateChoice): Promise<(Step | null)[]> {
  const { name, mappings, settings } = eventComponent(choice)
  const installed = await found(() => client.cluster.getComponentTemplate({ name }))
  const there = installed?.component_templates[0]?.component_template
  demandKnown(name, there?.version)
  const template = { mappings, settings: { index: settings } }
  const component = stepFor({
    kind: 'component template',
    name,
    is: there === undefined ? null : { template: there.template, version: there.version },
    shouldBe: { template, version: TEMPLATES_VERSION },
    put: () => client.cluster.putComponentTemplate({ name, template, version: TEMPLATES_VERSION }),
  })
  const templates = await Promise.all(
    templatesOf(choice).map(async ({ name: one, body }) => {
      const answer = await found(() => client.indices.getIndexTemplate({ name: one }))
      const is = answer?.index_templates[0]?.index_template
      demandKnown(one, is?.version)
      const { index_patterns, composed_of, priority, version, allow_auto_create, template: content } = body
      return stepFor({
        kind: 'index template',
        name: one,
        is: is ?? null,
        shouldBe: body,
        put: () =>
          client.indices.putIndexTemplate({
            name: one,
            index_patterns,
            composed_of,
            ...(priority !== undefined && { priority }),
            ...(version !== undefined && { version }),
            ...(allow_auto_create !== undefined && { allow_auto_create }),
            ...(content !== undefined && { template: content }),
          }),
      })
    }),
  )
  return [component, ...templates]
}

/**
 * The roles of a namespace. Those of an earlier version, which were for all namespaces, lose what nobody may read; no new ones are made of
 * them.
 */
export async function roleSteps(
  client: Client,
  names: Names,
  space: string | null,
  withheld: Readonly<Record<string, Withheld>>,
): Promise<(Step | null)[]> {
  const step = async (name: string, body: RoleBody, note?: string): Promise<Step | null> => {
    const answer = await found(() => client.security.getRole({ name }))
    if (answer === null && note !== undefined) return null
    const made = stepFor({
      kind: 'role',
      name,
      is: answer?.[name] ?? null,
      shouldBe: body,
      put: () => client.security.putRole({ name, ...body }),
    })
    return made === null || note === undefined ? made : { ...made, note }
  }
  return Promise.all([
    ...Object.entries(rolesFor(names, space, withheld)).map(([of, body]) => step(names.role(of), body)),
    ...Object.entries(EARLIER_ROLES).map(([of, body]) =>
      step(
        `waybill_${of}`,
        body,
        `This role of an earlier version can read every namespace: give its users ${names.role(of)}, and delete it.`,
      ),
    ),
  ])
}

/** The part of a policy that the client's types leave out. */
const used = z.object({
  in_use_by: z.object({ indices: z.array(z.string()), composable_templates: z.array(z.string()) }),
})

/**
 * Removes the parts that earlier versions shared between namespaces, once nothing uses them. Parts that other namespaces use stay until
 * those are set up again.
 */
export async function removalSteps(client: Client, names: Names, ilm: boolean): Promise<Step[]> {
  const steps: Step[] = []
  const remove = (kind: string, name: string, apply: () => Promise<unknown>): void => {
    steps.push({
      kind: `${kind} of an earlier version`,
      name,
      change: 'remove',
      differences: [],
      async apply() {
        await apply()
      },
    })
  }
  const own = (of: string) => (name: string) =>
    name === names.template(of) || name.startsWith(`${names.template(of)}-`)
  if (ilm) {
    for (const category of CATEGORIES) {
      const name = `waybill-${category}`
      const policy = (await found(() => client.ilm.getLifecycle({ name })))?.[name]
      if (policy === undefined) continue
      const { in_use_by: use } = used.parse(policy)
      const users = [...use.indices, ...use.composable_templates]
      if (users.every(own(category)))
        remove('lifecycle policy', name, () => client.ilm.deleteLifecycle({ name }))
    }
  }
  const templates =
    (await found(() => client.indices.getIndexTemplate({ name: 'waybill-*' })))?.index_templates ?? []
  for (const kind of ['waybills', 'dead-letters', 'records']) {
    const name = `waybill-${kind}`
    if (!templates.some((template) => template.name === name)) continue
    const indices = Object.keys(await client.indices.get({ index: `${name}-*`, features: ['aliases'] }))
    const followed = new Set([names.template(kind), ...templates.map((template) => template.name)])
    if (indices.every((index) => followed.has(index)))
      remove('index template', name, () => client.indices.deleteIndexTemplate({ name }))
  }
  const component = 'waybill-events'
  const users = templates.filter(({ index_template: { composed_of } }) => composed_of?.includes(component))
  const isOurs = (name: string): boolean => CATEGORIES.some((category) => name === names.alias(category))
  if (
    (await found(() => client.cluster.getComponentTemplate({ name: component }))) !== null &&
    users.every(({ name }) => isOurs(name))
  )
    remove('component template', component, () => client.cluster.deleteComponentTemplate({ name: component }))
  return steps
}

const DAY = 86_400_000
/** An index takes the retries of what was pinned to it for a day after its rollover: nothing may close it to writing before. */
const STAYS_WRITABLE = DAY

/** Elasticsearch's units have no years, and go up to days. */
export function durationOf(ms: number): string {
  if (ms % DAY === 0) return `${ms / DAY}d`
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return `${ms}ms`
}

/**
 * The lifecycle policy of a category. Ages count from the rollover. If events are archived, the policy deletes nothing: only Waybill knows
 * what is in the archive, and it deletes archived events itself. If they are not, Waybill deletes each index when its time is over, and
 * records that as an event of the trail. The policy deletes only what is still there a window later: when no indexer runs.
 */
export function policyOf({ searchable, archive, warm, cold }: Rule): estypes.IlmPolicy {
  const window = windowOf(searchable)
  return {
    phases: {
      hot: {
        min_age: '0ms',
        actions: {
          rollover: { max_age: durationOf(window), max_primary_shard_size: MOST_SHARD_BYTES },
          set_priority: { priority: 100 },
        },
      },
      ...(warm !== null && {
        warm: {
          min_age: durationOf(Math.max(warm, STAYS_WRITABLE)),
          actions: { forcemerge: { max_num_segments: 1 }, set_priority: { priority: 50 } },
        },
      }),
      ...(cold !== null && {
        cold: {
          min_age: durationOf(Math.max(cold, STAYS_WRITABLE)),
          actions: { set_priority: { priority: 0 } },
        },
      }),
      ...(archive === null && {
        delete: { min_age: durationOf(searchable + window), actions: { delete: {} } },
      }),
    },
  }
}
