export * from './charts.ts'
export * from './columns.ts'
export { placesOf } from './places.ts'
export { OUTCOMES, RISKS, STATUSES } from './scales.ts'
