/**
 * Cases: what people gather when they investigate.
 * In: events, alerts, searches and notes that somebody pins, and the limits of who looks.
 * Out: cases with copies of what is pinned and with who did what; a case as a sealed bundle.
 */
export { type Bundle, makeBundle } from './bundle.ts'
export type { Investigator, Person } from './case.ts'
export { Cases } from './cases.ts'
