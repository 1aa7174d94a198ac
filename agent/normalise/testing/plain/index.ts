/**
 * The reference that the mapper is held against: it maps a record as an object, member by member, without regard to time. It shares with the
 * mapper what an integration says (`Mapping`) and what a format reads (`Understanding`), and nothing of how events are made. It is frozen: a
 * change of what events say changes it too, a change of how they are made does not.
 */

export { PlainMapper } from './mapper.ts'
export { PlainPipeline } from './pipeline.ts'
