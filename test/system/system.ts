import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AgentStatus } from '../../agent/agent.ts'
import { statusOf } from '../../agent/cli/status.ts'
import { readAgentConfig } from '../../agent/config.ts'
import { AccountWatch, type Watched } from './account-watch.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/** The systems give ports from 32,768 (Linux) or 49,152 up to anybody who asks for any, and to connections. */
const [FIRST_PORT, PORTS] = [12_000, 20_000]

/** A port that nobody takes between now and when it is listened on: by chance only, and from those that no system gives away. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (free) await new Promise((resolve) => server.close(resolve))
  return free
}

/** Waits until a condition holds, checking again and again; at the end of the time it throws with the name of the condition. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  ms = 60_000,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** A real indexer and real agents as processes, in a folder of their own, with all that they print kept. */
export class System {
  readonly dir = mkdtempSync(join(tmpdir(), 'waybill-system-'))
  readonly logs = join(this.dir, 'logs')
  readonly port: number
  readonly url: string
  readonly #running = new Set<ChildProcess>()
  /** The watches by agent: the accounts of all running agents are checked all the time. */
  readonly #accounts = new Map<string, AccountWatch>()

  private constructor(port: number) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  static async make(): Promise<System> {
    return new System(await freePort())
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts)
  }

  start(name: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.path(`${name}.out`), 'a')
    const child = spawn(
      process.execPath,
      args.map((arg) => arg.replace(/^@/, ROOT)),
      { cwd: this.dir, stdio: ['ignore', log, log] },
    )
    closeSync(log)
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }

  output(name: string): string {
    return readFileSync(this.path(`${name}.out`), 'utf8')
  }

  startIndexer(more = '', store = `embedded: { path: ${this.path('store')} }`): ChildProcess {
    writeFileSync(
      this.path('indexer.yml'),
      `listen: ${this.url}\nread: open-on-loopback\nmanage: open-on-loopback\nstore: { ${store} }\n${more}`,
    )
    return this.start('indexer', ['@bin/waybill.js', 'indexer', '--config', 'indexer.yml'])
  }

  async ready(): Promise<void> {
    await until('the indexer is ready', () =>
      fetch(`${this.url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.output('indexer').slice(-2000)}`)
    })
  }

  /** `called` is the name that the agent gives itself, if it differs from that of its files. */
  writeAgentConfig(
    inputs: string,
    given: { name?: string; indexer?: string; more?: string; called?: string } = {},
  ): string {
    const { name = 'agent', indexer = this.url, more = '' } = given
    const called = given.called ?? name
    const file = this.path(`${name}.yml`)
    writeFileSync(
      file,
      `agent: { name: ${called}, data: ${this.path(`${name}-data`)} }\nindexers: [${indexer}]\n${more}\ninputs:\n${inputs}\n`,
    )
    return file
  }

  /** Looks at an agent's account until the end, with what else is known of it; else it is looked at from its start. */
  watchAccount(name: string, more: Pick<Watched, 'metrics' | 'atMost'> = {}): void {
    const watched = { data: this.path(`${name}-data`), indexer: this.url, ...more }
    this.#accounts.set(name, new AccountWatch(watched))
  }

  startAgent(name = 'agent', more: readonly string[] = []): ChildProcess {
    if (!this.#accounts.has(name)) this.watchAccount(name)
    return this.start(name, ['@bin/waybill-agent.js', 'run', '--config', `${name}.yml`, ...more])
  }

  /** Runs a command to its end. */
  async command(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(
      process.execPath,
      args.map((arg) => arg.replace(/^@/, ROOT)),
      { cwd: this.dir, env: { ...process.env, ...env } },
    )
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }

  /** Returns the output of `waybill-agent status`, without a process for each check. */
  async status(name = 'agent'): Promise<AgentStatus & { running: boolean }> {
    const file = this.path(`${name}.yml`)
    const { status, running } = await statusOf(file, await readAgentConfig(file), 60_000)
    return { ...(status as AgentStatus), running }
  }

  /** Every event that matches, as `waybill search --format json` streams them. */
  async events(query = ''): Promise<StoredEvent[]> {
    const answer = await fetch(`${this.url}/v1/search?q=${encodeURIComponent(query)}`, {
      headers: { accept: 'application/x-ndjson' },
    })
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
    const text = await answer.text()
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as StoredEvent)
  }

  /** Ends all processes; throws if an account was off at any moment. */
  async end(): Promise<void> {
    await Promise.all([...this.#running].map((child) => kill(child, 'SIGKILL')))
    const accounts = await Promise.allSettled([...this.#accounts.values()].map((watch) => watch.stop()))
    rmSync(this.dir, { recursive: true, force: true })
    for (const account of accounts) if (account.status === 'rejected') throw account.reason
  }

  /** Returns how often the account of an agent was checked; throws if it was off. */
  async accountWatched(name = 'agent'): Promise<number> {
    const watch = this.#accounts.get(name)
    if (watch === undefined) throw new Error(`nobody looks at the account of ${name}`)
    this.#accounts.delete(name)
    return await watch.stop()
  }
}

export interface StoredEvent {
  readonly '@timestamp': string
  readonly message?: string
  readonly event: {
    readonly id: string
    readonly original: string
    readonly kind: string
    readonly sequence: number
  }
  readonly audit: { readonly seal: { readonly sequence: number; readonly position: number } }
  readonly log: { readonly file: { readonly path: string }; readonly offset: number }
}

/** Sends a signal and waits for the end of the process. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    await once(child, 'exit')
  }
  return child.exitCode
}
