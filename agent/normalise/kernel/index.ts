import { kernelOver } from '../../../schema/index.ts'

/** What `kernel.as.ts` offers. All addresses are of the memory that it was made over. */
export interface Kernel {
  scan(names: number, from: number, to: number, rows: number): number
  writeLine(line: number, out: number, offset: bigint): number
  suspiciousWord(table: number, from: number, to: number): number
  longNumber(from: number, to: number): number
}

const KERNEL = new URL('./kernel.wasm', import.meta.url)

export const startKernel = (memory: WebAssembly.Memory): Kernel =>
  kernelOver<Kernel>(KERNEL, memory, ['scan', 'writeLine', 'suspiciousWord', 'longNumber'])
