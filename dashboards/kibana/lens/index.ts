export * from './charts.ts'
export * from './columns.ts'
export { FAILED, placesOf, SUCCEEDED } from './places.ts'
export {
  CATEGORIES,
  COLOURS,
  KINDS_OF_ACTIVITY,
  KINDS_OF_CHANGE,
  KINDS_OF_LETTER,
  OUTCOMES,
  PRIORITIES,
  RISKS,
  STATUSES,
  textOn,
} from './scales.ts'
