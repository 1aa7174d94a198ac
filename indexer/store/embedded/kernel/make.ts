/** Compiles the kernel: `npm run kernel`. What it writes is committed, so that nobody needs the compiler to run Waybill. */
import { writeFileSync } from 'node:fs'
import { compileKernel } from './compile.ts'

const WASM = new URL('./kernel.wasm', import.meta.url)
writeFileSync(WASM, compileKernel())
