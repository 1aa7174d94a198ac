import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditEvent, leavesUnder, valueAt, withAdditions } from '../../../schema/index.ts'
import {
  type Examined,
  type Examiner,
  examinerOf,
  framingFor,
  INTEGRATIONS,
  type Integration,
  loadIntegration,
} from '../index.ts'

export const NOW: number = Date.UTC(2026, 0, 23, 12)

const examiners = new WeakMap<Integration, Map<string, Examiner>>()

/** Returns the results of an integration's records. The examiner is built once: that takes longer than all records of a test. */
export function recordsOf(integration: Integration, text: string | Buffer, timeZone = 'UTC'): Examined[] {
  const byZone = examiners.get(integration) ?? new Map<string, Examiner>()
  examiners.set(integration, byZone)
  const examiner =
    byZone.get(timeZone) ??
    examinerOf(integration, { framing: framingFor(integration), timeZone, host: 'web-1' })
  byZone.set(timeZone, examiner)
  return examiner(Buffer.from(text), { path: '/var/log/audit.log', now: NOW })
}

/** The events of records, with the members that follow from them. */
export const eventsIn = (records: readonly Examined[]): AuditEvent[] =>
  records.flatMap(({ event }) => (event === null ? [] : [withAdditions(event, null)]))

/** All samples of an integration, by file. */
export async function samplesOf(
  name: string,
): Promise<{ integration: Integration; files: Map<string, AuditEvent[]>; all: AuditEvent[] }> {
  const integration = await loadIntegration(name)
  const folder = join(INTEGRATIONS, name, 'samples')
  const files = new Map(
    readdirSync(folder)
      .sort()
      .map((file) => [file, eventsIn(recordsOf(integration, readFileSync(join(folder, file))))] as const),
  )
  return { integration, files, all: [...files.values()].flat() }
}

/** Whether an event has these values; in a list, one item is enough. */
export function hasValues(event: AuditEvent, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([path, value]) => {
    const found = valueAt(event, path)
    if (Array.isArray(found) && !Array.isArray(value)) return found.includes(value)
    return JSON.stringify(found) === JSON.stringify(value)
  })
}

/** Returns the wanted values that no event has. */
export function missing(
  events: readonly AuditEvent[],
  wanted: readonly Readonly<Record<string, unknown>>[],
): Readonly<Record<string, unknown>>[] {
  return wanted.filter((values) => !events.some((event) => hasValues(event, values)))
}

/** Every text in an event. */
export const textsOf = (event: AuditEvent): string[] => leavesUnder(event).map(({ value }) => value)
