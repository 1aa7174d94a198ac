import { wasmOver } from '../../../../../schema/index.ts'

/** The functions of the module, as `module.as.ts` has them. */
export interface Wasm {
  prepare(root: number, places: number, indexedLength: number, earliest: number, latest: number): void
  prepareChanges(fieldsPlace: number, before: number, after: number): void
  scan(from: number, to: number): number
  forgetFacets(): void
  facetsEnd(): number
  facet(first: number, count: number, context: number, presentNumbers: number): number
  sort(pairs: number, spare: number, count: number, shift: number): number
  writeTerms(pairs: number, count: number, out: number, directory: number): number
  takeTerms(walk: number, base: number, until: number): number
  group(pairs: number, count: number, base: number, keys: number, ends: number, bits: number): number
}

const WASM = new URL('./module.wasm', import.meta.url)

/** A module that works on this memory. */
export const startWasm = (memory: WebAssembly.Memory): Wasm =>
  wasmOver<Wasm>(WASM, memory, [
    'prepare',
    'prepareChanges',
    'scan',
    'forgetFacets',
    'facetsEnd',
    'facet',
    'sort',
    'writeTerms',
    'takeTerms',
    'group',
  ])
