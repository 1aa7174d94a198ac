import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compileKernel } from './compile.ts'

it('kernel.wasm is what its source says (else: npm run kernel)', () => {
  const committed = readFileSync(new URL('./kernel.wasm', import.meta.url))
  expect(compileKernel().equals(committed)).toBe(true)
})
