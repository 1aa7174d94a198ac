/** The mapper: see docs/architecture.md. */
export { Memory } from './memory.ts'
export { Mapper } from './way.ts'
