import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const ENGINE = JSON.stringify(new URL('./engine.ts', import.meta.url).href)

/** What a program prints that works with an engine, in a process that is started as the launcher starts the agent. */
async function printed(program: string, flags: readonly string[]): Promise<unknown> {
  const source = `import { Engine } from ${ENGINE}\n${program}`
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '-e', source])
  return JSON.parse(stdout)
}

it('the optimising compiler is there for work, and not for a trickle', async () => {
  const program = `
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
    engine.close()
    console.log(JSON.stringify({ trickle, work }))`
  const flags = ['--no-opt', '--no-maglev', '--allow-natives-syntax']
  expect(await printed(program, flags)).toEqual({ trickle: false, work: true })
})

it('what a burst left is given back when nothing comes any more', async () => {
  const program = `
    const heap = () => process.memoryUsage().heapTotal / 2 ** 20
    const engine = new Engine(200)
    engine.work(1000)
    let burst = Array.from({ length: 400_000 }, (_, i) => ({ i, text: 'event ' + i }))
    burst = null
    const before = heap()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    console.log(JSON.stringify({ before, after: heap() }))`
  const { before, after } = (await printed(program, ['--expose-gc'])) as { before: number; after: number }
  expect(before).toBeGreaterThan(20)
  expect(after).toBeLessThan(before / 2)
})
