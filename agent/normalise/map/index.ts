/** The mapper: see docs/design/mapper.md. */
export { Memory } from '../wasm/memory.ts'
export { Mapper } from './mapper.ts'
