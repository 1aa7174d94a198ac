import { kernelOver } from '../../../../../schema/index.ts'

/** The kernel's functions, as `kernel.as.ts` has them. */
export interface Kernel {
  prepare(root: number, places: number, indexedLength: number, earliest: number, latest: number): void
  prepareChanges(fieldsPlace: number, before: number, after: number): void
  scan(from: number, to: number): number
  forgetFacets(): void
  facetsEnd(): number
  facet(first: number, count: number, context: number, presentNumbers: number): number
  sort(pairs: number, spare: number, count: number): number
  writeTerms(pairs: number, count: number, out: number, directory: number): number
}

const KERNEL = new URL('./kernel.wasm', import.meta.url)

/** A kernel that works on this memory. */
export const startKernel = (memory: WebAssembly.Memory): Kernel =>
  kernelOver<Kernel>(KERNEL, memory, [
    'prepare',
    'prepareChanges',
    'scan',
    'forgetFacets',
    'facetsEnd',
    'facet',
    'sort',
    'writeTerms',
  ])
