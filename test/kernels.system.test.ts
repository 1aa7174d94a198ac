import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compileKernel, kernels, wasmOf } from '../kernels.ts'

it.each(kernels())('%s is what the .wasm beside it was compiled from (else: npm run kernels)', (source) => {
  expect(compileKernel(source).equals(readFileSync(wasmOf(source)))).toBe(true)
})
