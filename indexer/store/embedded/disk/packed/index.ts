/**
 * Lines at rest, packed together as columns (`format.ts` has the bytes).
 * In: lines. Out: the bytes of a block.
 * In: the bytes of a block. Out: each line as it was.
 */
export { PackedLines } from './open.ts'
export { packLines } from './pack.ts'
