export { type Derived, derivedOf, type PreviousValue } from './derived.ts'
