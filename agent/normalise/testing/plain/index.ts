/**
 * The reference for the mapper: it maps a record as an object, member by member, without regard to time. It shares the compiled
 * integration (`Mapping`) and the result of the formats (`Understanding`) with the mapper, but no code that makes events. It is frozen: a
 * change of the events' content changes it too, a change of their making does not.
 */

export { PlainMapper } from './mapper.ts'
export { PlainPipeline } from './pipeline.ts'
