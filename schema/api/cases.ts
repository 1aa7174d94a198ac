import * as z from 'zod'
import { alertShape } from './alerts.ts'
import { eventShape } from './events.ts'

/** What people gather when they investigate: a case, and what is pinned to it. */

export const CASE_STATES = ['open', 'closed'] as const
export type CaseState = (typeof CASE_STATES)[number]

export const CASE_LIMITS = {
  /** Cases that are kept together. */
  cases: 1000,
  /** What is pinned to one case. */
  pins: 500,
  /** Pins of one request. */
  pinsAtOnce: 100,
  /** Entries of the timeline of one case. */
  timeline: 5000,
  name: 200,
  about: 4000,
  /** Characters of a note. */
  note: 10_000,
  /** Characters of the address of a search. */
  search: 8000,
  /** Bytes of the JSON of one pinned event. */
  eventBytes: 2 * 1024 * 1024,
} as const

const time = z.number().int().describe('Milliseconds since 1970.')
const id = z.string().min(1).max(256)
const comment = z
  .string()
  .trim()
  .max(CASE_LIMITS.note)
  .default('')
  .describe('Why it belongs to the case. Everybody who sees the case can read it.')

export const PIN_KINDS = ['event', 'alert', 'search', 'note'] as const
export type PinKind = (typeof PIN_KINDS)[number]

const name = z.string().trim().min(1).max(CASE_LIMITS.name)
const about = z.string().trim().max(CASE_LIMITS.about)

export const newCaseSchema = z.strictObject({
  name,
  about: about.default(''),
  shared: z.boolean().default(false).describe('Whether everybody who may investigate sees it.'),
})
export type NewCase = z.input<typeof newCaseSchema>

export const caseChangeSchema = z.strictObject({
  version: z
    .number()
    .int()
    .describe('`version` of the case that you change; 412 if it is not the current one any more.'),
  name: name.optional(),
  about: about.optional(),
  state: z.enum(CASE_STATES).optional(),
  owner: z.string().min(1).max(64).optional().describe('A user with the permission `respond`.'),
  shared: z.boolean().optional(),
})
export type CaseChange = z.output<typeof caseChangeSchema>

export const newPinSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('event'),
    event: id,
    restored: z.string().max(64).optional().describe('The restore of the archive that has the event.'),
    comment,
  }),
  z.strictObject({ kind: z.literal('alert'), alert: id, comment }),
  z.strictObject({
    kind: z.literal('search'),
    name,
    search: z
      .string()
      .max(CASE_LIMITS.search)
      .regex(/^(?:\?[^#]*)?$/, 'expected the part behind /events in the address, from its question mark')
      .describe('The part behind /events in the console’s address: ?q=...&range=...'),
    comment,
  }),
  z.strictObject({ kind: z.literal('note'), text: z.string().trim().min(1).max(CASE_LIMITS.note) }),
])
export type NewPin = z.output<typeof newPinSchema>

export const newPinsSchema = z.strictObject({
  pins: z.array(newPinSchema).min(1).max(CASE_LIMITS.pinsAtOnce),
})

const pinned = { id: z.string(), at: time.describe('When it was pinned.'), by: z.string() }
const seen = { ...pinned, comment: z.string() }

/** `hidden`: what is pinned is nothing that you may see. */
export const casePinShape = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('event'),
    ...seen,
    event: eventShape.describe('A copy from when it was pinned.'),
  }),
  z.object({
    kind: z.literal('alert'),
    ...seen,
    alert: alertShape.describe('A copy from when it was pinned.'),
  }),
  z.object({ kind: z.literal('search'), ...seen, name: z.string(), search: z.string() }),
  z.object({ kind: z.literal('note'), ...pinned, text: z.string() }),
  z.object({ kind: z.literal('hidden'), ...pinned, of: z.enum(PIN_KINDS) }),
])
export type CasePin = z.output<typeof casePinShape>

export const CASE_ACTS = [
  'opened',
  'renamed',
  'described',
  'closed',
  'reopened',
  'handed-over',
  'shared',
  'unshared',
  'pinned',
  'unpinned',
  'exported',
] as const
export type CaseAct = (typeof CASE_ACTS)[number]

export const caseEntryShape = z.object({
  at: time,
  by: z.string(),
  act: z.enum(CASE_ACTS),
  pin: z
    .object({ id: z.string(), kind: z.enum(PIN_KINDS) })
    .nullable()
    .describe('What was pinned or removed.'),
  text: z.string().nullable().describe('The new name, or the new owner.'),
})
export type CaseEntry = z.output<typeof caseEntryShape>

export const caseSummaryShape = z.object({
  id: z.string(),
  version: z.number().int(),
  name: z.string(),
  about: z.string(),
  state: z.enum(CASE_STATES),
  owner: z.string(),
  shared: z.boolean(),
  mine: z.boolean().describe('You are its owner.'),
  opened: time,
  changed: time,
  pins: z.number().int(),
})
export type CaseSummary = z.output<typeof caseSummaryShape>

export const casesShape = z.object({
  cases: z.array(caseSummaryShape).describe('Those that you see, the last changed first.'),
})

export const caseShape = caseSummaryShape.extend({
  items: z.array(casePinShape).describe('What is pinned, in the order in which it was pinned.'),
  timeline: z.array(caseEntryShape).describe('Who did what, the oldest first.'),
})
export type CaseShape = z.output<typeof caseShape>
