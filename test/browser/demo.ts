import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { AuditFiles, Scenario } from '../../demo/generator/index.ts'
import { indexerConfigSchema } from '../../indexer/config.ts'
import { type RunningIndexer, startIndexer } from '../../indexer/server.ts'
import type { Chromium } from './chromium.ts'

const ROOT = join(import.meta.dirname, '../..')
const RECORDS = 2000
const SEED = 1
const PASSWORD = 'correct horse battery staple'

/** The scenario of `npm start` at one moment: the same at each run. The clock continues from there. */
export class DemoAt {
  readonly url: string
  readonly #indexer: RunningIndexer
  readonly #folder: string
  /** The password that the first admin chose. */
  #password: string | null = null

  private constructor(indexer: RunningIndexer, folder: string) {
    this.#indexer = indexer
    this.#folder = folder
    this.url = indexer.url
  }

  static async start(moment: number, given: object = {}): Promise<DemoAt> {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-demo-'))
    const began = Date.now()
    const clock = (): number => moment + Date.now() - began
    const logs = join(folder, 'logs')
    const files = new AuditFiles({ folder: logs, rotateAfter: 100_000, keep: 10 })
    await files.open()
    await files.write([...new Scenario(SEED).backlog(new Date(moment), RECORDS)], new Date(moment))
    await files.close()
    const config = indexerConfigSchema.parse({
      listen: 'http://127.0.0.1:0',
      read: 'token',
      manage: 'token',
      store: { embedded: { path: join(folder, 'store'), 'min-free': '1MiB' } },
      enrich: { geo: { file: join(ROOT, 'demo/places.mmdb') } },
      ...given,
    })
    const indexer = await startIndexer(config, {
      log: pino({ level: 'silent' }),
      clock,
      passwordCost: { n: 2, r: 1, p: 1 },
    })
    const demo = new DemoAt(indexer, folder)
    try {
      await demo.#ship(logs)
    } catch (thrown) {
      await demo.end()
      throw thrown
    }
    return demo
  }

  /** Ships the logs with the real agent, which ends when everything is acknowledged. */
  async #ship(logs: string): Promise<void> {
    const inputs = ['erp', 'creatio', 'clockify', 'connexcs', 'strapi'].map(
      (system) => `  - file: { paths: ["${logs}/${system}.*"], integration: ${system} }`,
    )
    const file = join(this.#folder, 'agent.yml')
    await writeFile(
      file,
      `agent: { name: demo, data: ${join(this.#folder, 'agent')} }\nindexers: [${this.url}]\ninputs:\n${inputs.join('\n')}\n`,
    )
    const agent = spawn(
      process.execPath,
      [join(ROOT, 'bin/waybill-agent.js'), 'run', '--once', '--config', file],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    agent.stderr.on('data', (part) => {
      said += part
    })
    const code = await new Promise<number | null>((resolve) => agent.once('exit', resolve))
    if (code !== 0) throw new Error(`The agent ended with ${code}: ${said.slice(-500)}`)
  }

  /** Signs the first admin in, in this browser. */
  async signIn(browser: Chromium): Promise<void> {
    const first = this.#password ?? this.#indexer.firstSignIn?.password
    const page = await browser.page()
    await page.goto(this.url)
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill(first ?? '')
    await page.getByRole('button', { name: 'Sign in' }).click()
    if (this.#password === null) {
      await page.getByLabel('New password').fill(PASSWORD)
      await page.getByLabel('Repeat the password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Set the password' }).click()
      this.#password = PASSWORD
    }
    await page.getByRole('navigation', { name: 'Screens' }).waitFor()
    await page.close()
  }

  async end(): Promise<void> {
    await this.#indexer.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
