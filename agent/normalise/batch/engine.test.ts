import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ENGINE = JSON.stringify(new URL('./engine.ts', import.meta.url).href)

it('the optimising compiler is there for work, and not for a trickle', async () => {
  const program = `
    import { Engine } from ${ENGINE}
    const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum += i % 7; return sum }
    // Of the bits of an answer, the one that says so.
    const isOptimised = () => { for (let i = 0; i < 20000; i++) hot(1000); return (%GetOptimizationStatus(hot) & 32) !== 0 }
    const engine = new Engine()
    engine.work(1000)
    const trickle = isOptimised()
    engine.work(1024 * 1024)
    let work = false
    for (let i = 0; i < 200 && !work; i++) {
      work = isOptimised()
      await new Promise(setImmediate)
    }
    console.log(JSON.stringify({ trickle, work }))`
  // The launcher's options.
  const flags = ['--no-opt', '--no-maglev', '--allow-natives-syntax']
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    '--input-type=module',
    '-e',
    program,
  ])
  expect(JSON.parse(stdout)).toEqual({ trickle: false, work: true })
})
