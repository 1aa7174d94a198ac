import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSink } from '../../test/sink/server.ts'
import { INTEGRATIONS } from '../normalise/index.ts'
import { sumOf } from '../ship/index.ts'
import { HangUps, since } from './run.ts'

const SCRIPT = join(import.meta.dirname, '../../bin/waybill-agent.js')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-run-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `run --once` in a separate process, since a server in this process answers it. */
async function once(): Promise<string> {
  const child = spawn(process.execPath, [SCRIPT, 'run', '--once', '--patience', '2'], { cwd: folder })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => {
      said += part
    })
  await new Promise((resolve) => child.once('close', resolve))
  return said
}

describe('waybill-agent run', () => {
  it('warns about the wrong integration, as check does', () => {
    const file = join(INTEGRATIONS, 'clockify/samples/audit-log.csv')
    writeFileSync(
      join(folder, 'agent.yml'),
      `agent: { name: web-1, data: ./data }\nindexers: [http://127.0.0.1:9]\ninputs:\n  - file: { paths: [${file}], integration: erp }\n`,
    )
    const { stdout, stderr } = spawnSync(process.execPath, [SCRIPT, 'run', '--once', '--patience', '1'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stdout + stderr).toMatch(
      /audit-log\.csv: this is probably not ERP audit log: .*Set integration: clockify\./,
    )
  })

  it('says at the end what is acknowledged, and what waits', async () => {
    writeFileSync(join(folder, 'one.log'), 'first\n')
    const server = await startSink()
    const config = (url: string): void =>
      writeFileSync(
        join(folder, 'agent.yml'),
        `agent: { name: web-1, data: ./once }\nindexers: [${url}]\ninputs:\n  - file: { paths: [one.log], integration: plain }\n`,
      )
    config(server.url)
    const done = await once()
    await server.close()
    expect(done).toMatch(/This run: 1 records read .* 1 stored/)
    expect(done).toContain('Stopped. The indexer has acknowledged all batches.')
    writeFileSync(join(folder, 'one.log'), 'first\nsecond\n')
    config('http://127.0.0.1:9')
    expect(await once()).toContain('Stopped. A batch that is not acknowledged yet waits in the spool.')
  })

  it('tells what this run did apart from what the agent ever did', () => {
    const before = { ...sumOf([]), read: 100, stored: 70, duplicate: 10, filtered: 5, pending: 15 }
    const after = { ...before, read: 140, stored: 120, errors: 2, pending: 5 }
    // 15 records waited since the previous run and 40 are new; 5 still wait.
    expect(since(before, after)).toMatchObject({ read: 55, stored: 50, duplicate: 0, errors: 2, pending: 5 })
  })

  it('reloads for a hang-up that came while the agent opened, for each one later, and for none after the stop', async () => {
    let reloads = 0
    const agent = {
      reload: async () => {
        reloads++
      },
    }
    const stop = Promise.withResolvers<void>()
    const hangUps = new HangUps()
    hangUps.note()
    hangUps.note()
    const ended = hangUps.reload(agent, stop.promise)
    hangUps.note()
    stop.resolve()
    await ended
    expect(reloads).toBe(2)
    hangUps.note()
    await Promise.resolve()
    expect(reloads).toBe(2)
  })
})
