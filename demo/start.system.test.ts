import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventsAt } from '../test/pages.ts'
import { freePort } from '../test/system/system.ts'

const SCRIPT = join(import.meta.dirname, 'start.ts')
const WITHIN = 60_000

let folder: string
let started: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-start-'))
})
afterEach(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGTERM')
  for (const child of started) await ended(child)
  started = []
  await rm(folder, { recursive: true, force: true })
})

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve))

function start(port: number): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [SCRIPT, '--port', String(port)], { cwd: folder })
  started.push(child)
  let text = ''
  child.stdout?.on('data', (part) => {
    text += part
  })
  child.stderr?.on('data', (part) => {
    text += part
  })
  return { child, said: () => text }
}

async function until<T>(what: string, probe: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + WITHIN
  for (;;) {
    const found = await probe()
    if (found !== null) return found
    if (performance.now() > deadline) throw new Error(`not within ${WITHIN / 1000} s: ${what}`)
    await pause(50)
  }
}

/** Reads the token as `waybill` does, from the data folder of the indexer. */
async function localToken(): Promise<string> {
  try {
    return JSON.parse(await readFile(join(folder, 'data/store/local-token'), 'utf8')).token
  } catch {
    return 'none-yet'
  }
}

async function get(url: string, token?: string): Promise<Response | null> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(url, { headers })
    return response.ok ? response : null
  } catch {
    return null
  }
}

/** All results of a query; null while the indexer does not answer. */
async function asked(url: string, query: string): Promise<unknown[] | null> {
  try {
    return await eventsAt(
      async (path) => {
        const response = await get(url + path, await localToken())
        if (response === null) throw new Unanswered()
        return { json: (await response.json()) as Record<string, unknown> }
      },
      `/v1/search?limit=1000&q=${encodeURIComponent(query)}`,
    )
  } catch (thrown) {
    if (thrown instanceof Unanswered) return null
    throw thrown
  }
}

class Unanswered extends Error {}

it('a port in use is a sentence that names another way, and exit code 1', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { child, said } = start(port)
  expect(await ended(child)).toBe(1)
  expect(said().trim()).toBe(
    `Port ${port} on 127.0.0.1 is in use by another program. Stop that program, or choose another port: npm start -- --port ${port + 1}`,
  )
  await new Promise((resolve) => server.close(resolve))
})

it('a child that ends is named with its reason, the others are stopped, and the exit code is 1', {
  timeout: 2 * WITHIN,
}, async () => {
  // A file is at the place of the agent's folder.
  await mkdir(join(folder, 'data'))
  await writeFile(join(folder, 'data/agent'), '')
  const port = await freePort()
  const { child, said } = start(port)
  expect(await ended(child)).toBe(1)
  expect(said()).toMatch(/The agent ended with exit code \d+: .*data\/agent/)
  expect(await get(`http://127.0.0.1:${port}/healthz`)).toBeNull()
})

it('what five systems wrote can be searched, a signal ends all three, and a second start goes on', {
  timeout: 4 * WITHIN,
}, async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const first = start(port)
  const night = await until('the night visitor is found', async () => {
    const events = await asked(url, 'source.ip: 203.0.113.45')
    return events !== null && events.length >= 17 ? events : null
  })
  expect(night.length).toBe(17)
  first.child.kill('SIGINT')
  expect(await ended(first.child)).toBe(0)
  expect(first.said()).toContain('npx waybill search')
  expect(first.said()).toMatch(/user admin, password [a-z0-9]{5}(-[a-z0-9]{5}){3} /)
  expect(await get(`${url}/healthz`)).toBeNull()

  const logs = (await readdir(join(folder, 'data/demo/logs'))).sort()
  for (const name of ['clockify.csv', 'connexcs.jsonl', 'creatio.jsonl', 'erp.jsonl', 'strapi.jsonl'])
    expect(logs).toContain(name)
  expect(await readFile(join(folder, 'data/demo/log/generator.log'), 'utf8')).toMatch(
    /Stopped after \d+ records/,
  )

  const second = start(port)
  await until('it goes on', async () => {
    const text = await readFile(join(folder, 'data/demo/log/generator.log'), 'utf8')
    return text.includes('no backlog is written') ? text : null
  })
  expect((await asked(url, 'source.ip: 203.0.113.45'))?.length).toBe(17)
  second.child.kill('SIGTERM')
  expect(await ended(second.child)).toBe(0)
})
