import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { openWriters } from '../indexer/reports/writers/index.ts'
import { documentOf, pagesOf, rowOf } from '../indexer/reports/writers/testing/documents.ts'
import { REPORT_FORMATS } from '../schema/api/index.ts'
import { freePort, until } from './system/system.ts'

const RECORD = '{"time":"2026-01-22T10:51:04Z","user":"jane","action":"login","ip":"192.0.2.7"}\n'
const PATIENCE_MS = 120_000

/** Starts the built packages as a user does, indexer and agent, and sends one record through both; throws if anything fails. */
export async function check(dist: string): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'waybill-published-'))
  // The copy is elsewhere, so that only the packages installed beside it can help, and nothing around dist/.
  const installed = join(place, 'waybill')
  cpSync(dist, installed, { recursive: true, filter: (path) => !path.endsWith('/node_modules') })
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(installed, 'node_modules'))
  try {
    await reports(installed, place)
    await theWholeWay(installed, place)
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** The thread that writes reports finds its fonts and what shapes them. */
async function reports(installed: string, place: string): Promise<void> {
  const writers = openWriters({ module: pathToFileURL(join(installed, 'indexer/reports/writers/thread.js')) })
  const user = '\u4f50\u85e4 \u0645\u062f\u064a\u0631 \u{1f9ff}'
  const row = { ...rowOf(1), cells: rowOf(1).cells.map((cell, index) => (index === 1 ? user : cell)) }
  for (const format of REPORT_FORMATS) {
    const path = join(place, `report.${format}`)
    const { signal } = new AbortController()
    const document = documentOf({ count: 1 })
    await writers.write({ format, document, rows: pagesOf([row]), path, signal, report: () => {} })
  }
  await writers.close()
  console.log(`Reports are written as ${REPORT_FORMATS.join(', ')}.`)
}

async function theWholeWay(installed: string, place: string): Promise<void> {
  const command = (name: string): string => join(installed, 'bin', `${name}.js`)
  const run = async (name: string, ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [command(name), ...args], {
      env: { ...ENV, WAYBILL_STORE: join(place, 'store') },
      timeout: PATIENCE_MS,
    })
    return stdout
  }
  for (const name of ['waybill', 'waybill-agent']) {
    if (!(await run(name, '--help')).includes(name)) throw new Error(`${name} --help says nothing`)
    console.log(`${name} --help answers.`)
  }

  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const indexerFile = join(place, 'indexer.yml')
  const agentFile = join(place, 'agent.yml')
  writeFileSync(indexerFile, `listen: ${url}\nstore: { embedded: { path: ${join(place, 'store')} } }\n`)
  writeFileSync(
    agentFile,
    `agent: { name: web-1, data: ${join(place, 'agent')} }\nindexers: [${url}]\ninputs:\n  - file: { paths: ["${place}/*.jsonl"], integration: generic-json }\n`,
  )
  writeFileSync(join(place, 'audit.jsonl'), RECORD)

  const indexer = spawn(process.execPath, [command('waybill'), 'indexer', '--config', indexerFile], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: ENV,
  })
  try {
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    await until('the indexer is ready', isReady, PATIENCE_MS)
    const page = await (await fetch(url)).text()
    if (!page.includes('<div id=')) throw new Error(`the console is not served: ${page.slice(0, 200)}`)
    await run('waybill-agent', 'run', '--config', agentFile, '--once')
    const found = await run('waybill', 'search', 'user: jane', '--url', url, '--format', 'json')
    if (!found.includes('"192.0.2.7"')) throw new Error(`the record was not found: ${JSON.stringify(found)}`)
    console.log('A record went from its file to an answer.')
  } finally {
    const ended = once(indexer, 'exit')
    if (indexer.exitCode === null && indexer.kill('SIGTERM')) await ended
  }
}

/** The published packages contain nothing that this machine compiled. */
const ENV = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }
