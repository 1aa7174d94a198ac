import { readdirSync } from 'node:fs'
import { valueAt } from '../../../schema/index.ts'
import type { Integration } from '../integration/integration.ts'
import { framingFor } from '../integration/integration.ts'
import { INTEGRATIONS, loadIntegration } from '../integration/load.ts'
import { type Examined, type ExamineOptions, type Examiner, examinerOf } from './examine.ts'

/** Another integration that knows a file far better than the named one. */
export interface Likelier {
  readonly name: string
  readonly title: string
  /** The number of records that have one of its event types. */
  readonly known: number
  readonly records: number
}

const SAMPLE_BYTES = 16 * 1024
/** Only a nearly certain guess is worth a sentence. */
const KNOWN_WELL = 0.8
const KNOWN_LITTLE = 0.5

/** Returns null if the named integration knows the beginning of the file well enough, or no other does. */
export async function likelier(
  named: Integration,
  bytes: Buffer,
  options: Omit<ExamineOptions, 'framing'>,
): Promise<Likelier | null> {
  // Integrations for any source say nothing about what a file is.
  if (named.events.length === 0) return null
  const sample = bytes.subarray(0, behindLastLine(bytes))
  const own = shareOf(named, sample, options)
  if (own.records === 0 || own.known / own.records > KNOWN_LITTLE) return null
  return await bestOf(sample, options, named.name)
}

/** Returns the integration that knows a file well, if there is one. */
export const mostLikely = (
  bytes: Buffer,
  options: Omit<ExamineOptions, 'framing'>,
): Promise<Likelier | null> => bestOf(bytes.subarray(0, behindLastLine(bytes)), options, null)

async function bestOf(
  sample: Buffer,
  options: Omit<ExamineOptions, 'framing'>,
  but: string | null,
): Promise<Likelier | null> {
  let best: Likelier | null = null
  for (const [name, other] of await shipped()) {
    if (other.name === but || other.events.length === 0) continue
    const { known, records } = shareOf(other, sample, options)
    if (records === 0 || known / records < KNOWN_WELL) continue
    if (best === null || known / records > best.known / best.records) {
      best = { name, title: other.title, known, records }
    }
  }
  return best
}

function behindLastLine(bytes: Buffer): number {
  if (bytes.length <= SAMPLE_BYTES) return bytes.length
  const newline = bytes.lastIndexOf(0x0a, SAMPLE_BYTES)
  return newline === -1 ? SAMPLE_BYTES : newline + 1
}

function shareOf(
  integration: Integration,
  bytes: Buffer,
  options: Omit<ExamineOptions, 'framing'>,
): { known: number; records: number } {
  const records = examinerFor(integration, options)(bytes, options).filter(
    ({ outcome }) => outcome !== 'skipped',
  )
  return { known: records.filter(isKnown).length, records: records.length }
}

/** Several files may be tried with all integrations. A running agent may forget them. */
const examiners = new WeakMap<Integration, Map<string, WeakRef<Examiner>>>()

function examinerFor(
  integration: Integration,
  { timeZone, host }: Pick<ExamineOptions, 'timeZone' | 'host'>,
): Examiner {
  const byZone = examiners.get(integration) ?? new Map<string, WeakRef<Examiner>>()
  examiners.set(integration, byZone)
  const known = byZone.get(timeZone)?.deref()
  if (known !== undefined) return known
  const made = examinerOf(integration, { framing: framingFor(integration), timeZone, host })
  byZone.set(timeZone, new WeakRef(made))
  return made
}

/** Words such as `update` are in many logs: a record without the columns that identify its records belongs to another system. */
function isKnown({ type, event }: Examined): boolean {
  if (type === null || event === null) return false
  const tags = valueAt(event, 'tags')
  return !(
    Array.isArray(tags) && tags.some((tag) => tag === 'identity_missing' || tag === 'timestamp_missing')
  )
}

let loaded: Promise<ReadonlyMap<string, Integration>> | null = null

/** The integrations are read once: a check may ask for many files. */
function shipped(): Promise<ReadonlyMap<string, Integration>> {
  loaded ??= loadAll()
  return loaded
}

async function loadAll(): Promise<ReadonlyMap<string, Integration>> {
  const names = readdirSync(INTEGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return new Map(await Promise.all(names.map(async (name) => [name, await loadIntegration(name)] as const)))
}

export const likelierText = ({ name, title, known, records }: Likelier, named: Integration): string =>
  `this is probably not ${named.title}: of ${records} records at its beginning, ${known} are events of ${title}. Set integration: ${name}`
