import { readFileSync } from 'node:fs'

/** The kernel's functions, as `kernel.as.ts` has them. */
export interface Kernel {
  prepare(root: number, places: number, indexedLength: number, earliest: number, latest: number): void
  scan(from: number, to: number): number
  forgetFacets(): void
  facetsEnd(): number
  facet(first: number, count: number, context: number, presentNumbers: number): number
  sort(pairs: number, spare: number, count: number): number
  writeTerms(pairs: number, count: number, out: number, directory: number): number
}

let compiled: WebAssembly.Module | undefined

/** A kernel that works on this memory. */
export function kernelOn(memory: WebAssembly.Memory): Kernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
  if (!isKernel(exports)) throw new Error('kernel.wasm is not of this version')
  return exports
}

const isKernel = (exports: object): exports is Kernel =>
  ['prepare', 'scan', 'forgetFacets', 'facetsEnd', 'facet', 'sort', 'writeTerms'].every(
    (name) => name in exports,
  )
