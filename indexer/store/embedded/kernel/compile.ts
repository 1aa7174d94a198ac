import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('./kernel.as.ts', import.meta.url))
const COMPILER = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js')
/** Bare addresses without a collector; 16 bytes at a time; the memory is given by who starts it. */
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd']

/** The kernel as WebAssembly; what is wrong with its source the compiler says. */
export function compileKernel(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-kernel-'))
  try {
    const output = join(folder, 'kernel.wasm')
    execFileSync(process.execPath, [COMPILER, SOURCE, '-o', output, ...OPTIONS], { stdio: 'inherit' })
    return readFileSync(output)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
