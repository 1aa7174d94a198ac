/**
 * The passes over bytes that every record goes through, in AssemblyScript: looking for what may be a secret, reading a record, and
 * writing an event from places in the memory. `npm run kernels` compiles it to `kernel.wasm`. What fields mean is decided outside, in
 * TypeScript. All addresses are of the one memory that both sides share; `memory.ts` says what lies where.
 */
export { scan } from './scan.as'
export { writeLine } from './line.as'
export { longNumber, suspiciousWord } from './suspicion.as'
export { codedTexts, readAudit } from './audit.as'
export { readCef } from './cef.as'
export { readLine } from './line-record.as'
export { readRow } from './table-row.as'
