export { PackedLines } from './open.ts'
export { packLines } from './pack.ts'
