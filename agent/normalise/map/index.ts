/** The mapper: see docs/architecture.md. */
export { Memory } from '../wasm/memory.ts'
export { Mapper } from './mapper.ts'
