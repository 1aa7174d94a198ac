/** Turns slices of bytes into batches of events. */
export { BatchMaker, compress } from './batch/batch.ts'
export { optimise } from './batch/engine.ts'
export { createNormaliser, expectedIn, type Normaliser, type NormaliserOptions } from './batch/pool.ts'
export { Coverage, type NeverMatched, type Unmatched } from './examine/coverage.ts'
export { type Examined, type Examiner, examine, examinerOf } from './examine/examine.ts'
export { likelier, likelierText, mostLikely } from './examine/likely.ts'
export { Sighting } from './examine/sighting.ts'
export { columnProblem, withColumns } from './integration/columns.ts'
export type { EventCatalogue } from './integration/filter.ts'
export { catalogueOf } from './integration/filter.ts'
export type { Integration } from './integration/integration.ts'
export { framingFor } from './integration/integration.ts'
export {
  expectedOf,
  lackingInSample,
  mostlyLacking,
  NO_SHAPE,
  type Shape,
  shapeOf,
  sumOfShapes,
} from './integration/lacks.ts'
export {
  INTEGRATIONS,
  integrationFrom,
  isIntegrationPath,
  loadIntegration,
  readAhead,
} from './integration/load.ts'
export { wordsOfName } from './integration/lookups.ts'
export { isMembers, type Members } from './integration/members.ts'
export { spellings } from './integration/names.ts'
export { formatProblem, isPlausible, LocalTime, timeReader } from './integration/time.ts'
export { isFieldName, sideOf } from './mask/index.ts'
export { formatOf } from './read/formats/index.ts'
export type {
  Column,
  DoorSpec,
  PipelineShape,
  PipelineSpec,
  SliceResult,
  SyslogSpec,
  Task,
  TaskResult,
  TaskSlice,
  WorkerSetup,
} from './task.ts'
