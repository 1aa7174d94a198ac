import { headerOf, recordText, Scenario, SYSTEMS, seededRandom } from '../../demo/generator/index.ts'
import { auditEvents } from './audit.ts'
import { authLines, deviceLines } from './devices.ts'
import { journalLines } from './journal.ts'

export interface Lifelike {
  /** Each of one or several lines. */
  readonly records: readonly string[]
  /** The line of columns that the source's files begin with. */
  readonly header: string | null
}

const SOURCES = {
  auditd: auditEvents,
  cef: deviceLines,
  journald: journalLines,
  'linux-auth': authLines,
} as const

/**
 * This many records as a source writes them, each different; null for a source that is not told of. The five systems write their scenario
 * of the demo.
 */
export function lifelike(integration: string, count: number): Lifelike | null {
  const records: string[] = []
  const source = Object.entries(SOURCES).find(([name]) => name === integration)?.[1]
  if (source !== undefined) {
    const made = source(seededRandom(1))
    while (records.length < count) records.push(made.next().value)
    return { records, header: null }
  }
  const system = SYSTEMS.find((name) => name === integration)
  if (system === undefined) return null
  const scenario = new Scenario(1)
  for (let now = Date.UTC(2026, 4, 1); records.length < count; now += 1000) {
    const entry = scenario.next(new Date(now))
    if (entry.system === system) records.push(recordText(entry).trimEnd())
  }
  return { records, header: headerOf(system)?.trimEnd() ?? null }
}
