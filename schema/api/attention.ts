import * as z from 'zod'
import { PRIORITIES } from '../rule.ts'

/** What needs somebody: open incidents, and everything about collecting and keeping events that is not as it should be. */

/** The place in the console where it is dealt with. */
export const ATTENTION_PLACES = [
  'incidents',
  'alerts',
  'agents',
  'dead-letters',
  'evidence',
  'archives',
  'storage',
  'rules',
  'reports',
] as const
export type AttentionPlace = (typeof ATTENTION_PLACES)[number]

export const attentionItemShape = z.object({
  priority: z.enum(PRIORITIES),
  sentence: z.string().describe('What is wrong.'),
  remedy: z.string().describe('What to do; empty if the place says it.'),
  since: z.number().int().nullable().describe('Milliseconds since 1970; null if that is not known.'),
  place: z.enum(ATTENTION_PLACES),
  id: z.string().nullable().describe('What it is about there, such as an incident.'),
})
export type AttentionItem = z.output<typeof attentionItemShape>

export const attentionShape = z.object({
  items: z.array(attentionItemShape).describe('The most serious first, and of equal ones the newest.'),
  more: z.int().nonnegative().describe('Kinds of open incidents beyond these.'),
  checked: z
    .array(z.enum(['incidents', 'operation']))
    .describe('What was looked at: limited users do not see all.'),
})
export type AttentionShape = z.output<typeof attentionShape>
