import type { EvidenceReport, Reservation } from '../../../schema/api/index.ts'
import { type Explanation, explanationOf } from './expiries.ts'
import { AgentKeys } from './keys.ts'
import { LogCheck } from './log-check.ts'
import { consignmentPages, pagesFrom, readable } from './pages.ts'
import type { Policy } from './policy.ts'
import { readSaved, removeSaved, VERSION, writeSaved } from './progress-file.ts'
import { Run } from './run.ts'
import type { EvidenceSource } from './source.ts'

/** How often the place is noted, ms. */
const SAVED_EVERY = 5_000

export interface Progress {
  readonly waybills: number
  readonly events: number
}

export interface VerifyOptions {
  readonly source: EvidenceSource
  /** The keys and checkpoints that are believed; null believes the keys of the source, with a reservation. */
  readonly policy: Policy | null
  /** Another copy of what was sealed, by which findings name more. It is believed only as far as it has the signed roots. */
  readonly copy?: EvidenceSource
  /** The file by which an interrupted verification goes on, and how often it is written, ms. */
  readonly resume?: string
  readonly resumeEvery?: number
  readonly now: () => number
  readonly report?: (progress: Progress) => void
}

/** Computes everything again that is sealed, and names what is wrong. */
export async function verify(options: VerifyOptions): Promise<EvidenceReport> {
  const { source, policy, now } = options
  const of = `${source.place}${policy === null ? '' : ', with a policy'}`
  const saved = options.resume === undefined ? null : readSaved(options.resume, of)
  const from = saved?.from ?? now()
  const holdsAll = source.holds === 'all'
  const counted = await source.counted()
  const keys = new AgentKeys(policy?.agents ?? (await source.keys()))
  const logs = source.logs.map((log) => new LogCheck(log, policy))
  const explanations = holdsAll ? await trailOf(source) : []
  const run = new Run({
    source,
    keys,
    logs,
    explanations,
    counted,
    hasCopy: options.copy !== undefined,
  })
  if (saved === null) run.findings.add(...keys.findings)
  else {
    run.restore(saved.run)
    for (const [i, log] of logs.entries()) if (saved.logs[i] !== undefined) log.restore(saved.logs[i])
  }
  for (const log of logs) await log.begin()
  let written = performance.now()
  for await (const page of pagesFrom(source, saved?.place ?? null)) {
    for (const one of readable(page, run)) await run.enter(one)
    options.report?.({ waybills: run.waybills, events: run.events })
    if (options.resume === undefined || performance.now() - written < (options.resumeEvery ?? SAVED_EVERY))
      continue
    const place = page.next
    writeSaved(options.resume, {
      version: VERSION,
      of,
      from,
      place,
      run: run.saved,
      logs: logs.map((log) => log.saved),
    })
    written = performance.now()
  }
  run.judgeMissing()
  run.findings.add(...(source.faults?.() ?? []))
  if (options.copy !== undefined)
    for await (const { consignments } of consignmentPages(options.copy)) run.compare(consignments)
  run.endLines()
  if (holdsAll) {
    await run.endLetters()
    if (run.hasClaims) for await (const { consignments } of consignmentPages(source)) run.trace(consignments)
    run.endClaims()
  }
  const missing = new Map<string, Set<number>>()
  for (const log of logs) {
    await log.end(holdsAll)
    run.findings.add(...log.findings)
    for (const [chain, numbers] of log.missing)
      missing.set(chain, new Set([...(missing.get(chain) ?? []), ...numbers]))
  }
  if (holdsAll) {
    run.findings.add(...run.chains.end({ counted: counted?.chains ?? [], logged: missing, now: now() }))
    const origins = new Set(logs.map(({ origin }) => origin))
    // A log without a checkpoint does not say which one it was.
    for (const { origin } of policy?.logs ?? [])
      if (!origins.has(origin) && !logs.some(({ isNameless }) => isNameless))
        run.findings.add({
          kind: 'log-missing',
          weight: 'wrong',
          origin,
          sentence: `Log ${origin} is missing: the policy has its keys, and it does not lie beside ${source.place}. Restore it from a backup or an archive.`,
        })
  }
  if (options.resume !== undefined) removeSaved(options.resume)
  return {
    ...run.report(),
    version: 1,
    place: source.place,
    from,
    to: now(),
    logged: Math.max(0, ...logs.map((log) => log.logged)),
    anchored: Math.max(0, ...logs.map((log) => log.anchored)),
    reservations: [...reservationsOf(options), ...run.reservations],
  }
}

/** What nothing proves that was given. */
function reservationsOf({ source, policy }: VerifyOptions): Reservation[] {
  const made: Reservation[] = []
  if (policy === null)
    made.push({
      what: 'keys',
      sentence:
        'The keys of agents were taken from the source itself. A person who can write there can replace a key, and sign with another one. Give a policy with trusted keys (--policy).',
    })
  if (source.logs.length === 0)
    made.push({
      what: 'log',
      sentence:
        'There is no transparency log. A person with the key of an agent can replace its waybills, and the last ones of a chain can be removed together with all counts of them.',
    })
  else if ((policy?.checkpoints.length ?? 0) === 0)
    made.push({
      what: 'checkpoints',
      sentence:
        'The checkpoint of the log was taken from the source itself. A person who can write there and has the key of the log can replace the log. Give a policy with checkpoints that anchors gave back (--policy).',
    })
  return made
}

/** What the trail of the indexers explains, as far as the source can be asked for it. */
const trailOf = async (source: EvidenceSource): Promise<Explanation[]> =>
  source.trail === undefined ? [] : (await source.trail()).flatMap((event) => explanationOf(event) ?? [])
