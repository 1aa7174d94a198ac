import type { OwnIntegration } from '../schema/wire/index.ts'
import { type AgentConfig, fileInputsOf, integrationPath, syslogInputsOf } from './config.ts'
import { catalogueOf, loadIntegration } from './normalise/index.ts'
import { integrationsOf } from './receive.ts'

/** What a heartbeat has room for beside all else. */
const MOST_BYTES = 32 * 1024

/**
 * The event types of the operator's own integrations, which the indexer is told of. `left` are those for which there was no room: these can be
 * switched by their group (`shop.*`), not one by one.
 */
export async function ownIntegrations(
  file: string,
  config: AgentConfig,
): Promise<{ readonly told: readonly OwnIntegration[]; readonly left: readonly string[] }> {
  const names = [
    ...fileInputsOf(config).map(({ integration }) => integration),
    ...syslogInputsOf(config).flatMap(integrationsOf),
  ]
  // Others are known by their name alone.
  const paths = [...new Set(names.map((name) => integrationPath(name, file)))].filter((path) =>
    path.includes('/'),
  )
  const told: OwnIntegration[] = []
  const left: string[] = []
  let room = MOST_BYTES
  for (const path of paths) {
    const { integration, title, types } = catalogueOf(await loadIntegration(path))
    if (told.some((known) => known.integration === integration)) continue
    // What it takes over from another (`like`) is switched under its name there.
    const named = types.filter(({ id }) => id.startsWith(`${integration}.`))
    const own = {
      integration,
      title: cut(title),
      types: named.map((type) => ({ ...type, title: cut(type.title), group: cut(type.group) })),
    }
    const bytes = Buffer.byteLength(JSON.stringify(own))
    if (bytes > room || named.length > MOST_TYPES) left.push(path)
    else {
      room -= bytes
      told.push(own)
    }
  }
  return { told, left }
}

const MOST_TYPES = 512
const cut = (text: string): string => text.slice(0, 256)
