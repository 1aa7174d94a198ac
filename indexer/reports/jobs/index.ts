/**
 * Jobs: reports and exports that are made in the background.
 * In: what somebody asks for; what gathers it and what writes it, as parts.
 * Out: files with their hashes, whole or not at all; a record of each job with its progress and its end.
 */
export { askedPayload, jobEntity } from './acts.ts'
export { JobFiles } from './files.ts'
export {
  type Delivery,
  isOver,
  type Job,
  type JobFile,
  type JobRecord,
  permissionFor,
  type Recipient,
  type Requester,
  recipientSchema,
  sightOf,
} from './job.ts'
export { Jobs, type JobsParts, type NewJobRecord } from './jobs.ts'
export { type Part, partOf } from './range.ts'
