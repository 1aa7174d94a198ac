import * as z from 'zod'

/** People: which accounts of which systems are one person's, and why. */

const time = z.number().int().describe('Milliseconds since 1970.')
const count = z.number().int().nonnegative()

/** What tells who somebody is. */
export const identifierShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('email').describe('An e-mail address, in any system.'),
    value: z.string().min(1).max(1024),
  }),
  z.strictObject({
    kind: z.literal('uuid').describe('An id that is unique everywhere.'),
    value: z.string().min(1).max(1024),
  }),
  z.strictObject({
    kind: z.literal('id').describe('An id within one system.'),
    system: z.string().min(1).max(256).describe('The source: `event.module` of its events.'),
    value: z.string().min(1).max(1024),
  }),
  z.strictObject({
    kind: z.literal('name').describe('The name of an account within one system.'),
    system: z.string().min(1).max(256).describe('The source: `event.module` of its events.'),
    value: z.string().min(1).max(1024),
  }),
])
export type IdentifierShape = z.infer<typeof identifierShape>

const why = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('events'), system: z.string(), count }),
  z.object({ kind: z.literal('list') }),
  z.object({ kind: z.literal('act'), act: z.string(), by: z.string(), at: time }),
])

export const personShape = z.object({
  id: z.string().describe('What a query names: `person: "..."`.'),
  name: z.string(),
  listed: z.boolean().describe("Whether the operator's list names the person."),
  systems: z.array(z.string()).describe('Where the person has accounts.'),
})

export const peopleShape = z.object({
  people: z.array(
    personShape.extend({ count: count.describe('The number of events that the query finds.') }),
  ),
  distinct: count.describe('How many people there are in all, shown or not.'),
  none: count.describe('Events of nobody known.'),
  partial: z.string().nullable().describe('Why people or events may be missing; null if none is.'),
})

export const onePersonShape = personShape.extend({
  accounts: z
    .array(
      z.object({
        system: z.string(),
        names: z.array(z.string()),
        ids: z.array(z.string()),
        emails: z.array(z.string()),
      }),
    )
    .describe('By system, as events name the person.'),
  identifiers: z.array(identifierShape.and(z.object({ text: z.string() }))),
  joins: z
    .array(
      z.object({
        one: z.string(),
        other: z.string(),
        why,
        reason: z.string().describe('The same in a sentence.'),
      }),
    )
    .describe('Why these are one person.'),
})
export type OnePersonShape = z.infer<typeof onePersonShape>

export const peopleActAsked = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('same').describe('Both are one person.'),
    one: identifierShape,
    other: identifierShape,
  }),
  z.strictObject({
    kind: z.literal('apart').describe('Events join nothing to this any more: it is a person of its own.'),
    account: identifierShape,
  }),
])

export const peopleActShape = z.object({
  id: z.string(),
  by: z.string(),
  at: time,
  about: z.string().describe('What was decided, in a sentence.'),
  what: peopleActAsked,
})
export const peopleActsShape = z.object({ acts: z.array(peopleActShape) })
export type PeopleActShape = z.infer<typeof peopleActShape>
