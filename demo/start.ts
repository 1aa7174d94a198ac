import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Child } from './children.ts'

/**
 * `npm start`: an indexer with the embedded store, an agent that it enrols, and a generator of audit records, as three processes of the
 * real commands. Ctrl-C ends them in reverse order, so that everything written is also stored.
 */
const ROOT = join(import.meta.dirname, '..')
const DATA = './data'
const DEMO = `${DATA}/demo`
const HOST = '127.0.0.1'
const READY_WITHIN = 60_000
const STATUS_EVERY = 30_000
const STOP_PATIENCE = 30_000
const PARENT_EVERY = 250

/** An error that the person who started the demo can correct. */
class StartError extends Error {}

function chosenPort(): number {
  const { values } = parseArgs({ options: { port: { type: 'string' } } })
  const text = values.port ?? process.env.WAYBILL_PORT ?? '8600'
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new StartError(`${text} is not a port: give a number from 1 to 65535, such as --port 8700.`)
  return port
}

async function claimable(port: number): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, HOST, resolve)
    })
    await new Promise((resolve) => server.close(resolve))
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : `can not be opened (${String(code)})`
    throw new StartError(
      `Port ${port} on ${HOST} ${why}. Stop that program, or choose another port: npm start -- --port ${port === 8600 ? 8700 : port + 1}`,
    )
  }
}

const SYSTEMS = ['erp', 'creatio', 'clockify', 'connexcs', 'strapi']
const input = (system: string): string =>
  `  - file: { paths: ["logs/${system}*.{jsonl,csv}"], integration: ${system} }`

/** Paths in these files begin at the folder of the file. */
async function writeConfigs(url: string): Promise<{ indexer: string; agent: string }> {
  const indexer = `${DEMO}/indexer.yml`
  const agent = `${DEMO}/agent.yml`
  await mkdir(`${DEMO}/log`, { recursive: true })
  await mkdir(`${DEMO}/logs`, { recursive: true })
  await writeFile(
    indexer,
    `# Written by npm start, again at each start. All settings: config/indexer.yml
listen: ${url}
# A trial on this machine: the console asks the first admin to choose a password, but shows everything before.
demo: true
store: { embedded: { path: ../store } }
# Places of the addresses for examples, made up for the scenario.
enrich: { geo: { file: ${JSON.stringify(join(import.meta.dirname, 'places.mmdb'))} } }
`,
  )
  await writeFile(
    agent,
    `# Written by npm start, again at each start. All settings: config/agent.yml
agent: { name: demo, data: ../agent }
indexers: [${url}]
inputs:
${SYSTEMS.map(input).join('\n')}
`,
  )
  return { indexer, agent }
}

/** Waits until the indexer reports that it is ready. Other code watches for an early end of the process. */
async function ready(url: string, indexer: Child, stop: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN
  while (indexer.running && !stop.aborted) {
    if (await answers(`${url}/readyz`)) return
    if (performance.now() > deadline)
      throw new StartError(
        `The indexer was not ready within ${READY_WITHIN / 1000} s; its log is ${indexer.log}.`,
      )
    await pause(100)
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    // It is not listening yet.
    return false
  }
}

function invitation(url: string, port: number, who: string): string {
  const ask = (command: string): string => `npx waybill ${command}${port === 8600 ? '' : ` --url ${url}`}`
  return `
Waybill runs. Five systems write audit records, the agent ships them, the indexer stores them.

  Console       ${url}
  Health        ${url}/healthz   ${url}/readyz
  Metrics       ${url}/metrics
  API           ${url}/v1/openapi.json
  Audit files   ${DEMO}/logs       (written by the generator, read by the agent)
  Settings      ${DEMO}/agent.yml  ${DEMO}/indexer.yml
  Logs          ${DEMO}/log
  Data          ${DATA}/agent  ${DATA}/store

Sign in        ${who}

Ask, in another terminal (as the user who started this, without signing in):

  ${ask("search 'action: login and outcome: failure'")}
  ${ask("search 'ip: 203.0.113.45' --sort oldest")}     (someone was here last night)
  ${ask('search --follow')}
  ${ask('show EVENT-ID')}
  ${ask('agents')}

Ctrl-C ends all three.
`
}

/** In a clone, builds the console at the first start, and again when its source has changed. */
function buildConsole(): void {
  const script = join(ROOT, 'dashboards/console/build.ts')
  const { status } = spawnSync(process.execPath, [script, '--if-stale'], { stdio: 'inherit' })
  if (status !== 0)
    throw new StartError(
      'The console could not be built; the reason is above. Check that npm ci has succeeded.',
    )
}

async function start(): Promise<number> {
  const stop = new AbortController()
  const stopped = new Promise<null>((resolve) => stop.signal.addEventListener('abort', () => resolve(null)))
  // npm forwards a signal that the terminal has already sent: the second one changes nothing.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  // If the terminal is closed, output reaches nobody, but the children still have to be stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort())

  const port = chosenPort()
  await claimable(port)
  const url = `http://${HOST}:${port}`
  const configs = await writeConfigs(url)
  const orphaned = watchParent(() => stop.abort())

  const children: Child[] = []
  const launch = (name: string, log: string, script: string, ...args: string[]): Child => {
    const child = new Child({ name, args: [join(ROOT, script), ...args], log: join(DEMO, 'log', log) })
    children.push(child)
    return child
  }
  let problem: string | null = null
  try {
    buildConsole()
    console.log(`Starting the indexer on ${url} ...`)
    const indexer = launch(
      'The indexer',
      'indexer.log',
      'bin/waybill.js',
      'indexer',
      '--config',
      configs.indexer,
    )
    await ready(url, indexer, stop.signal)
    if (indexer.running && !stop.signal.aborted) {
      launch('The agent', 'agent.log', 'bin/waybill-agent.js', 'run', '--config', configs.agent)
      launch('The generator', 'generator.log', 'demo/generate.ts', '--dir', `${DEMO}/logs`)
      console.log(invitation(url, port, await firstSignIn()))
    }
    const status = setInterval(() => void printStatus(url), STATUS_EVERY)
    const first = await Promise.race([stopped, ...children.map((child) => child.ended.then(() => child))])
    clearInterval(status)
    if (first !== null) problem = first.epitaph()
  } catch (thrown) {
    if (!(thrown instanceof StartError)) throw thrown
    problem = thrown.message
  } finally {
    clearInterval(orphaned)
    if (problem !== null) console.error(problem)
    console.log('Stopping ...')
    for (const child of children.toReversed()) {
      if (!(await child.stop(STOP_PATIENCE)))
        console.error(
          `${child.name} did not stop within ${STOP_PATIENCE / 1000} s and was killed; its log is ${child.log}.`,
        )
    }
  }
  console.log(
    problem === null ? `Stopped. The data stays in ${DATA}.` : `Stopped. The logs are in ${DEMO}/log.`,
  )
  return problem === null ? 0 : 1
}

/**
 * npm hands a signal to the shell between it and us, and some shells exit on it without telling their children. So the end of the parent
 * counts as a signal, too.
 */
function watchParent(gone: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  return setInterval(() => {
    if (process.ppid !== parent) gone()
  }, PARENT_EVERY).unref()
}

/** Prints one line of the indexer's metrics. */
async function printStatus(url: string): Promise<void> {
  const text = await metricsOf(url)
  if (text === null) {
    console.log(`${time()}  the indexer does not answer`)
    return
  }
  const figure = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  const events = figure('waybill_store_events').toLocaleString('en-US')
  const dead = figure('waybill_dead_letters')
  const megabytes = (figure('waybill_store_bytes') / 1024 ** 2).toFixed(1)
  console.log(
    `${time()}  ${events} events stored, ${megabytes} MiB${dead > 0 ? `, ${dead} dead letters` : ''}`,
  )
}

const time = (): string => new Date().toTimeString().slice(0, 8)

/** The sign-in of the first admin, while the password has not been changed. */
async function firstSignIn(): Promise<string> {
  try {
    const text = await readFile(`${DATA}/store/first-sign-in`, 'utf8')
    const [, name, password] = /^name: (.*)\npassword: (.*)$/m.exec(text) ?? []
    return `user ${name}, password ${password} (the console asks you to choose your own)`
  } catch {
    return 'npx waybill login'
  }
}

/** The token that the indexer writes for the user that runs it. */
async function localToken(): Promise<string> {
  const found: unknown = JSON.parse(await readFile(`${DATA}/store/local-token`, 'utf8'))
  return typeof found === 'object' && found !== null && 'token' in found ? String(found.token) : ''
}

async function metricsOf(url: string): Promise<string | null> {
  try {
    const headers = { authorization: `Bearer ${await localToken()}` }
    const response = await fetch(`${url}/metrics`, { headers, signal: AbortSignal.timeout(5_000) })
    return response.ok ? await response.text() : null
  } catch {
    // It is stopping, or was killed: then this process must not write the next line of the log.
    return null
  }
}

try {
  process.exitCode = await start()
} catch (thrown) {
  if (!(thrown instanceof StartError)) throw thrown
  console.error(thrown.message)
  process.exitCode = 1
}
