import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

// Some dozens of processes read the same modules: compiled once, as by the launchers, they start in half the time.
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/waybill', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'waybill-cli-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  out(): string
  err(): string
}

/** `waybill` as a process of its own, its output in pipes. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Running {
  const { WAYBILL_URL, WAYBILL_TOKEN, WAYBILL_STORE, COLUMNS, NO_COLOR, FORCE_COLOR, ...inherited } =
    process.env
  const child = spawn(process.execPath, [MAIN, ...args], {
    // Nobody's own sign-ins, and no indexer that runs beside: unless the test says so.
    env: {
      ...inherited,
      NODE_COMPILE_CACHE: COMPILED,
      XDG_CONFIG_HOME: home,
      WAYBILL_STORE: home,
      ...env,
    },
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
    child.once('close', (code) => resolve({ code, out, err }))
  })
  return { child, ended, out: () => out, err: () => err }
}

export const waybill = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<Ran> => start(args, env, input).ended

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
