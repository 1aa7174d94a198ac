/**
 * Compiles each `module.as.ts` (the agent's: `kernel.as.ts`) to the `.wasm` beside it: `npm run kernels`. What it writes is committed, so that nobody needs the
 * compiler to run Waybill.
 */
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = import.meta.dirname
const COMPILER = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js')
/** Bare addresses without a collector; 16 bytes at a time; the memory is given by who starts it, its own constants at the bottom. */
const OPTIONS = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--enable',
  'simd',
  '--enable',
  'relaxed-simd',
]

/** Each source, by its path from the root. */
export const kernels = (): string[] =>
  globSync('{agent,indexer,schema}/**/{kernel,module}.as.ts', { cwd: ROOT }).sort()

export const wasmOf = (source: string): string => join(ROOT, source.replace(/\.as\.ts$/, '.wasm'))

/** The source as WebAssembly; the compiler says what is wrong with it. */
export function compileKernel(source: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-kernel-'))
  try {
    const output = join(folder, 'kernel.wasm')
    execFileSync(process.execPath, [COMPILER, source, '-o', output, ...OPTIONS], {
      cwd: ROOT,
      stdio: 'inherit',
    })
    return readFileSync(output)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.main) for (const source of kernels()) writeFileSync(wasmOf(source), compileKernel(source))
