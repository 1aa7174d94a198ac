import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { type Ran, runHere } from '../../../test/command-here.ts'
import { commandLine } from '../command-line.ts'

export type { Ran } from '../../../test/command-here.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

// Processes that read the same modules: compiled once, as by the launchers, they start in half the time.
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/waybill', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'waybill-cli-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  out(): string
  err(): string
}

type Environment = Readonly<Record<string, string>>

/** By default the test runs without the user's own sign-ins, and without other indexers of this machine. */
const surroundings = (env: Environment): Readonly<Record<string, string | undefined>> => ({
  WAYBILL_URL: undefined,
  WAYBILL_TOKEN: undefined,
  COLUMNS: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
  XDG_CONFIG_HOME: home,
  WAYBILL_STORE: home,
  ...env,
})

/** `waybill` as a process of its own, its output in pipes. */
export function start(args: readonly string[], env: Environment = {}, input?: string, cwd?: string): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...surroundings(env) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(input)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, out, err }))
  })
  return { child, ended, out: () => out, err: () => err }
}

/** `waybill` in this process; what is typed, and help (after which yargs ends the process), need one of their own. */
export const waybill = (args: readonly string[], env: Environment = {}, input?: string): Promise<Ran> =>
  input !== undefined || args.includes('--help')
    ? start(args, env, input).ended
    : runHere(() => commandLine(args), { env: surroundings(env) })

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
