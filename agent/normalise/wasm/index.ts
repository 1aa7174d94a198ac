import { wasmOver } from '../../../schema/index.ts'

/** The functions of `kernel.as.ts`. All addresses are in the memory that it was created with; -1 means unknown. */
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

export const startKernel = (memory: WebAssembly.Memory): Kernel => wasmOver<Kernel>(KERNEL, memory, FUNCTIONS)
