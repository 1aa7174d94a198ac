import { readFileSync } from 'node:fs'

/** What `kernel.as.ts` offers. All addresses are of the memory that it was made over. */
export interface Kernel {
  scan(names: number, from: number, to: number, rows: number): number
  writeLine(line: number, out: number, offset: bigint): number
  suspiciousWord(table: number, from: number, to: number): number
  longNumber(from: number, to: number): number
}

const NAMES = ['scan', 'writeLine', 'suspiciousWord', 'longNumber'] satisfies (keyof Kernel)[]

let compiled: WebAssembly.Module | undefined

function isKernel(exports: object): exports is Kernel {
  const functions: Readonly<Record<string, unknown>> = { ...exports }
  return NAMES.every((name) => typeof functions[name] === 'function')
}

export function kernelOver(memory: WebAssembly.Memory): Kernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
  if (!isKernel(exports)) throw new Error('kernel.wasm is not of this version')
  return exports
}
