import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, reasonOf } from '../schema/index.ts'
import { type AgentSettings, agentSettingsSchema } from '../schema/wire/index.ts'
import { type Log, writeFileDurably } from './state/index.ts'

const FILE = 'central-settings.json'

type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly settings: AgentSettings }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Stores the last central settings: they apply after a restart, even while no indexer can be reached. */
async function look(file: string): Promise<Found> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { kind: 'none' } : { kind: 'damaged', reason: reasonOf(error) }
  }
  try {
    const read = agentSettingsSchema.safeParse(JSON.parse(text))
    if (read.success) return { kind: 'kept', settings: read.data }
    return { kind: 'damaged', reason: read.error.issues[0]?.message ?? 'its content has changed' }
  } catch (error) {
    return { kind: 'damaged', reason: reasonOf(error) }
  }
}

/** Reads the settings for a mere display: it moves no file. */
export async function keptSettings(data: string): Promise<AgentSettings | null> {
  const found = await look(join(data, FILE))
  return found.kind === 'kept' ? found.settings : null
}

/** Reads the settings in a data folder. A damaged file is set aside and reported: then there are none until an indexer answers. */
export async function takeUpSettings(data: string, log: Log, now: number): Promise<AgentSettings | null> {
  const file = join(data, FILE)
  const found = await look(file)
  if (found.kind === 'kept') return found.settings
  if (found.kind === 'damaged') {
    const aside = `${file}.damaged-${now}`
    const moved = await rename(file, aside).then(
      () => `It was moved to ${aside}.`,
      (error: unknown) => `It can't be moved away either (${reasonOf(error)}).`,
    )
    log.error(
      `${file}, the central settings, can't be used (${found.reason}). ${moved} Until an indexer sends them again, agent.yml and the integrations' defaults decide which events are recorded.`,
    )
  }
  return null
}

export async function keepSettings(data: string, settings: AgentSettings): Promise<void> {
  await writeFileDurably(join(data, FILE), `${JSON.stringify(settings)}\n`)
}
