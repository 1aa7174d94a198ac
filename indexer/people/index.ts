/**
 * The people behind the accounts of all systems: who has which accounts, and why they are one person's.
 * In: what stored events carry together, the operator's list (config/people.yml), and what people decide in the console.
 * Out: the accounts of a person for a query, counts by person, verb and object, and the reason for each join.
 */
export { withPeople } from './asked.ts'
export { accountOf, textOf } from './joins.ts'
export { readPeople } from './list-file.ts'
export { briefly, People, shownPerson } from './people.ts'
