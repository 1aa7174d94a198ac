/** Turns slices of bytes into batches of events. */
export { BatchMaker, compress } from './batch.ts'
export { columnProblem, withColumns } from './columns.ts'
export { Coverage, type NeverMatched, type Unmatched } from './coverage.ts'
export { optimise } from './engine.ts'
export { type Examined, type Examiner, examine, examinerOf } from './examine.ts'
export { catalogueOf } from './filter.ts'
export { formatOf } from './formats/index.ts'
export { framingFor } from './framing-for.ts'
export type { Integration } from './integration.ts'
export {
  expectedOf,
  lackingInSample,
  mostlyLacking,
  NO_SHAPE,
  type Shape,
  shapeOf,
  sumOfShapes,
} from './lacks.ts'
export { likelier, likelierText, mostLikely } from './likely.ts'
export { INTEGRATIONS, integrationFrom, isIntegrationPath, loadIntegration, readAhead } from './load.ts'
export { wordsOfName } from './lookups.ts'
export { isFieldName, sideOf } from './mask/index.ts'
export { isMembers, type Members } from './members.ts'
export { spellings } from './names.ts'
export { createNormaliser, expectedIn, type Normaliser, type NormaliserOptions } from './pool.ts'
export type { EventCatalogue } from './settings.ts'
export { Sighting } from './sighting.ts'
export type {
  Column,
  PipelineShape,
  PipelineSpec,
  SliceResult,
  SyslogSpec,
  Task,
  TaskResult,
  TaskSlice,
  WorkerSetup,
} from './task.ts'
export { formatProblem, isPlausible, LocalTime, timeReader } from './time.ts'
