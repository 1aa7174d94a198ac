import type { Client } from '@elastic/elasticsearch'
import { CATEGORIES, OperatorError } from '../../../../schema/index.ts'
import type { RetentionTable } from '../../../lifecycle/table.ts'
import { statusOf } from '../failures.ts'
import { policyOf } from './policies.ts'
import { MANAGER, type RoleBody, VIEWER } from './privileges.ts'
import { type Step, stepFor } from './step.ts'
import {
  eventComponent,
  policyName,
  TEMPLATES_VERSION,
  type TemplateChoice,
  templatesOf,
} from './templates.ts'

/** Asked for something by name: what is not there is null. */
async function found<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (thrown) {
    if (statusOf(thrown) === 404) return null
    throw thrown
  }
}

/** Lifecycle policies from the table, one for each category. */
export async function policySteps(client: Client, table: RetentionTable): Promise<(Step | null)[]> {
  return Promise.all(
    CATEGORIES.map(async (category) => {
      const name = policyName(category)
      const policy = policyOf(table[category])
      const answer = await found(() => client.ilm.getLifecycle({ name }))
      return stepFor({
        kind: 'lifecycle policy',
        name,
        is: answer?.[name]?.policy ?? null,
        shouldBe: policy,
        put: () => client.ilm.putLifecycle({ name, policy }),
      })
    }),
  )
}

/** What is wrong with templates of a version that this one can't know. */
function demandKnown(name: string, version: number | undefined): void {
  if (version !== undefined && version > TEMPLATES_VERSION)
    throw new OperatorError(
      `${name} in the cluster is of version ${version}, and this Waybill knows version ${TEMPLATES_VERSION}: set up with the newer Waybill that made it. An older indexer may go on writing.`,
    )
}

/** The component first: templates name it. */
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

const ROLES: Readonly<Record<string, RoleBody>> = { waybill_viewer: VIEWER, waybill_manager: MANAGER }

export async function roleSteps(client: Client): Promise<(Step | null)[]> {
  return Promise.all(
    Object.entries(ROLES).map(async ([name, body]) => {
      const answer = await found(() => client.security.getRole({ name }))
      return stepFor({
        kind: 'role',
        name,
        is: answer?.[name] ?? null,
        shouldBe: body,
        put: () => client.security.putRole({ name, ...body }),
      })
    }),
  )
}
