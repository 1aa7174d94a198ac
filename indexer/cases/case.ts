import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as z from 'zod'
import {
  type AlertShape,
  CASE_ACTS,
  CASE_LIMITS,
  CASE_STATES,
  type CaseAct,
  type CaseChange,
  type CaseSummary,
  type Permission,
  PIN_KINDS,
} from '../../schema/api/index.ts'
import type { AuditEvent } from '../../schema/index.ts'
import type { Visibility } from '../accounts/index.ts'
import { Refusal } from '../refusal.ts'

/** A case and its pins as their records have them. docs/formats.md describes both. */

export const CASE_KIND = 'case'
export const PIN_KIND = 'case-pin'

const count = z.int().nonnegative()
const time = z.number()
/** A user's id is never used again; a client that is no user has only its name. */
const personSchema = z.object({ name: z.string(), user: z.string().nullable() })
export type Person = z.output<typeof personSchema>

const pinSchema = z.object({ id: z.string(), kind: z.enum(PIN_KINDS), at: time, by: personSchema })
export type Pin = z.output<typeof pinSchema>

const entrySchema = z.object({
  at: time,
  by: z.string(),
  act: z.enum(CASE_ACTS),
  pin: z.object({ id: z.string(), kind: z.enum(PIN_KINDS) }).nullable(),
  text: z.string().nullable(),
})
export type Entry = z.output<typeof entrySchema>

export const caseSchema = z.object({
  format: z.literal(1),
  version: count,
  name: z.string(),
  about: z.string(),
  state: z.enum(CASE_STATES),
  owner: personSchema,
  shared: z.boolean(),
  opened: time,
  changed: time,
  pins: z.array(pinSchema),
  timeline: z.array(entrySchema),
})
export type CaseRecord = z.output<typeof caseSchema>
export type Case = CaseRecord & { readonly id: string }

/** The client of a request. */
export interface Investigator {
  readonly name: string
  readonly address: string
  readonly channel?: string
  readonly user: { readonly id: string } | null
  readonly permissions: ReadonlySet<Permission>
  readonly visibility: Visibility
}

export const personOf = ({ name, user }: Pick<Investigator, 'name' | 'user'>): Person => ({
  name,
  user: user?.id ?? null,
})

export const isSame = (one: Person, other: Person): boolean =>
  one.user === null ? other.user === null && one.name === other.name : one.user === other.user

/** An administrator looks after cases whose owner is gone. */
export const mayKeep = (one: Pick<CaseRecord, 'owner'>, by: Investigator): boolean =>
  isSame(one.owner, personOf(by)) || by.permissions.has('users')

export const maySee = (one: Pick<CaseRecord, 'owner' | 'shared'>, by: Investigator): boolean =>
  one.shared || mayKeep(one, by)

export function summaryOf(one: Case, by: Investigator): CaseSummary {
  const { id, version, name, about, state, owner, shared, opened, changed, pins } = one
  const mine = isSame(owner, personOf(by))
  return {
    id,
    version,
    name,
    about,
    state,
    owner: owner.name,
    shared,
    mine,
    opened,
    changed,
    pins: pins.length,
  }
}

/** The entries that a change adds to the timeline; none if it changes nothing. */
export function entriesOf(before: CaseRecord, change: CaseChange & { by: string; at: number }): Entry[] {
  const { name, about, state, owner, shared, by, at } = change
  const entry = (act: CaseAct, text: string | null = null): Entry => ({ at, by, act, pin: null, text })
  return [
    ...(name !== undefined && name !== before.name ? [entry('renamed', name)] : []),
    ...(about !== undefined && about !== before.about ? [entry('described')] : []),
    ...(state !== undefined && state !== before.state
      ? [entry(state === 'closed' ? 'closed' : 'reopened')]
      : []),
    ...(owner !== undefined && owner !== before.owner.name ? [entry('handed-over', owner)] : []),
    ...(shared !== undefined && shared !== before.shared ? [entry(shared ? 'shared' : 'unshared')] : []),
  ]
}

/** The case with these entries, as the next version. */
export function withEntries(before: CaseRecord, entries: readonly Entry[]): CaseRecord {
  const timeline = [...before.timeline, ...entries]
  if (timeline.length > CASE_LIMITS.timeline)
    throw new Refusal(
      'WB-LIMIT-REACHED',
      `The timeline of this case has ${CASE_LIMITS.timeline} entries: close it, and open another one.`,
    )
  return { ...before, version: before.version + 1, changed: timeline.at(-1)?.at ?? before.changed, timeline }
}

/** What is pinned: a copy, which outlives the tier of an event and the time of an alert. */
export type PinContent =
  | { readonly kind: 'event'; readonly event: AuditEvent; readonly comment: string }
  | { readonly kind: 'alert'; readonly alert: AlertShape; readonly comment: string }
  | { readonly kind: 'search'; readonly name: string; readonly search: string; readonly comment: string }
  | { readonly kind: 'note'; readonly text: string }

const storedPinSchema = z.object({
  format: z.literal(1),
  /** Base64 of zstd of the content as JSON. */
  content: z.string(),
})

export const packed = (content: PinContent): z.output<typeof storedPinSchema> => ({
  format: 1,
  content: zstdCompressSync(JSON.stringify(content)).toString('base64'),
})

export function unpacked(value: unknown): PinContent {
  const { content } = storedPinSchema.parse(value)
  return JSON.parse(zstdDecompressSync(Buffer.from(content, 'base64')).toString()) as PinContent
}
