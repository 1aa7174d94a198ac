import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import * as z from 'zod'
import { readConfig } from '../../config/index.ts'
import {
  CATEGORIES,
  type Category,
  otherTypeOf,
  reasonOf,
  type SwitchedType,
  typeMatcher,
} from '../../schema/index.ts'
import type { OwnIntegration } from '../../schema/wire/index.ts'

/** The folder of the integrations that come with Waybill: data, read here for the events that they can record. */
export const INTEGRATIONS: string = fileURLToPath(new URL('../../integrations/', import.meta.url))

export interface KnownType extends SwitchedType {
  readonly integration: string
  /** The name of the integration for people. */
  readonly system: string
  readonly title: string
  readonly group: string
  /** The category of its events; null if the record decides, or the integration is an agent's own. */
  readonly category: Category | null
}

/** The parts of an integration.yml that matter here; the agent checks the rest. */
const integrationShape = z.object({
  name: z.string(),
  title: z.string(),
  events: z
    .array(
      z.object({
        id: z.string(),
        title: z.string(),
        group: z.string(),
        mandatory: z.boolean().default(false),
        default: z.enum(['on', 'off']).default('on'),
        set: z.object({ 'audit.category': z.enum(CATEGORIES).optional() }).default({}),
      }),
    )
    .default([]),
})

/** The event types of all integrations. */
export class Catalogue {
  readonly types: readonly KnownType[]
  readonly #byId: ReadonlyMap<string, KnownType>

  constructor(types: readonly KnownType[]) {
    this.types = types
    this.#byId = new Map(types.map((type) => [type.id, type]))
  }

  /**
   * Adds the types of integrations that agents have beside these. Types that come with Waybill stay as they are. If agents report a type
   * differently, the first report counts, and the type is mandatory if any report makes it so.
   */
  with(own: readonly OwnIntegration[]): Catalogue {
    if (own.length === 0) return this
    const told = new Map<string, KnownType>()
    for (const { integration, title: system, types } of own) {
      for (const type of types) {
        if (this.#byId.has(type.id) || !type.id.startsWith(`${integration}.`)) continue
        const before = told.get(type.id)
        if (before === undefined) told.set(type.id, { ...type, integration, system, category: null })
        else if (type.mandatory) told.set(type.id, { ...before, mandatory: true })
      }
    }
    return new Catalogue([...this.types, ...told.values()])
  }

  get(id: string): KnownType | undefined {
    return this.#byId.get(id)
  }

  /** The types that a rule's `event` means. */
  meantBy(event: string): KnownType[] {
    const means = typeMatcher(event)
    return this.types.filter(({ id }) => means(id))
  }
}

/** Read when it is first asked for: parsing all integrations takes a tenth of a second that no start should wait for. */
export function openCatalogue(log: Logger): () => Promise<Catalogue> {
  let read: Promise<Catalogue> | null = null
  return () => {
    read ??= readCatalogue(log)
    return read
  }
}

/** An integration that can't be read is left out, and said: the others can be switched all the same. */
export async function readCatalogue(log: Logger, folder: string = INTEGRATIONS): Promise<Catalogue> {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name, 'integration.yml'))
    .filter((file) => existsSync(file))
    .sort()
  const types: KnownType[] = []
  for (const file of files) {
    try {
      const { value } = await readConfig(file, integrationShape)
      types.push(...typesOf(value))
    } catch (error) {
      log.error(`The event types of an integration can't be switched centrally: ${reasonOf(error)}`)
    }
  }
  return new Catalogue(types)
}

function typesOf({ name, title: system, events }: z.infer<typeof integrationShape>): KnownType[] {
  const own = events.map(({ default: usual, set, ...type }) => ({
    ...type,
    category: set['audit.category'] ?? null,
    integration: name,
    system,
    recorded: usual === 'on',
  }))
  const other: KnownType = {
    integration: name,
    system,
    id: otherTypeOf(name),
    title: 'Everything else',
    group: 'Other',
    category: null,
    mandatory: false,
    recorded: true,
  }
  return [...own, other]
}
