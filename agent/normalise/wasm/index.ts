import { kernelOver } from '../../../schema/index.ts'

/** What `kernel.as.ts` offers. All addresses are of the memory that it was made over; what it doesn't know is -1. */
export interface Kernel {
  scan(names: number, from: number, to: number, rows: number): number
  writeLine(line: number, out: number, offset: number): number
  suspiciousWord(table: number, from: number, to: number): number
  longNumber(from: number, to: number): number
  readRow(table: number, from: number, to: number, out: number): number
  readLine(begins: number, from: number, to: number, out: number): number
  readCef(names: number, room: number, from: number, to: number, out: number): number
  readAudit(known: number, room: number, from: number, to: number, out: number): number
  codedTexts(from: number, to: number, out: number): number
}

const KERNEL = new URL('./kernel.wasm', import.meta.url)

const FUNCTIONS = [
  ...(['scan', 'writeLine', 'suspiciousWord', 'longNumber'] as const),
  ...(['readRow', 'readLine', 'readCef', 'readAudit', 'codedTexts'] as const),
]

export const startKernel = (memory: WebAssembly.Memory): Kernel =>
  kernelOver<Kernel>(KERNEL, memory, FUNCTIONS)
