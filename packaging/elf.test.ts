import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stripped } from './elf.ts'
import { ROOT } from './lock.ts'

const PROGRAM = join(ROOT, `node_modules/node-linux-${process.arch}/bin/node`)

describe.skipIf(process.platform !== 'linux')('a program without its debug information', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waybill-elf-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is a quarter smaller, runs, and is left alone the second time', () => {
    const whole = readFileSync(PROGRAM)
    const once = stripped(whole)
    expect(once.length).toBeLessThan(whole.length * 0.8)
    expect(stripped(once).equals(once)).toBe(true)
    const file = join(folder, 'node')
    writeFileSync(file, once)
    chmodSync(file, 0o755)
    // Code, ICU, WebAssembly and a thread: what a wrong cut would break.
    const line = `
      const { Worker } = require('node:worker_threads')
      new Worker('require("node:worker_threads").parentPort.postMessage(new Intl.NumberFormat("de").format(1234.5))', { eval: true })
        .on('message', (text) => console.log(process.version, text, WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))))`
    expect(execFileSync(file, ['-e', line], { encoding: 'utf8' })).toBe(
      `${execFileSync(PROGRAM, ['-v'], { encoding: 'utf8' }).trim()} 1.234,5 true\n`,
    )
  })

  it('is not made of anything else', () => {
    expect(() => stripped(Buffer.from('#!/bin/sh\n'.repeat(20)))).toThrow('not an ELF program')
  })
})
