/** Turns slices of bytes into batches of events. */
export { BatchMaker, compress } from './batch.ts'
export { columnProblem, withColumns } from './columns.ts'
export { Coverage, type NeverMatched, type Unmatched } from './coverage.ts'
export { optimise } from './engine.ts'
export { type Examined, examine } from './examine.ts'
export { catalogueOf } from './filter.ts'
export { formatOf } from './formats/index.ts'
export { framingFor } from './framing-for.ts'
export type { Integration } from './integration.ts'
export { expectedOf, mostlyLacking, NO_SHAPE, type Shape, shapeOf, sumOfShapes } from './lacks.ts'
export { likelier, likelierText } from './likely.ts'
export { INTEGRATIONS, loadIntegration, readAhead } from './load.ts'
export { createNormaliser, expectedIn, type Normaliser, type NormaliserOptions } from './pool.ts'
export type { EventCatalogue } from './settings.ts'
export type {
  PipelineShape,
  PipelineSpec,
  SliceResult,
  SyslogSpec,
  Task,
  TaskResult,
  TaskSlice,
  WorkerSetup,
} from './task.ts'
