import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waybillAgent } from '../agent/cli/testing/command.ts'
import { waybill } from '../indexer/cli/testing/command.ts'

const ROOT = join(import.meta.dirname, '..')
let folder: string
let child: ChildProcess | null = null

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-up-'))
})
afterEach(async () => {
  if (child !== null && child.exitCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  child = null
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

interface Up {
  readonly address: string
  readonly ca: string | null
  readonly token: string
  readonly firstSignIn: { readonly name: string; readonly password: string } | null
}

async function up(...args: string[]): Promise<Up> {
  child = spawn(
    process.execPath,
    [join(ROOT, 'indexer/cli/main.ts'), 'up', '--yes', '--json', '-c', 'indexer.yml', ...args],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  child.stderr?.on('data', (part: Buffer) => {
    said += part.toString()
  })
  // The log of the indexer is on the same output.
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.includes('"firstSignIn"')) return JSON.parse(line) as Up
  throw new Error(said)
}

describe('waybill up', () => {
  it('from nothing to the first event: an authority, an indexer with TLS, and an agent of another host’s files', {
    timeout: 120_000,
  }, async () => {
    const port = await freePort()
    const made = await up('--listen', `https://127.0.0.1:${port}`, '--store', 'store')
    expect(made.firstSignIn).toMatchObject({ name: 'admin' })
    expect((await stat(join(folder, 'tls/server-key.pem'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder, 'retention.yml'), 'utf8')).toContain('security:')
    await mkdir(join(folder, 'host/var/log'), { recursive: true })
    await copyFile(
      join(ROOT, 'integrations/linux-auth/samples/auth.log'),
      join(folder, 'host/var/log/auth.log'),
    )
    const agent = await waybillAgent(folder, [
      ...['setup', '-c', 'agent.yml', '--data', 'agent', '--root', 'host', '--yes'],
      ...['--indexer', `https://localhost:${port}`, '--ca', made.ca ?? '', '--token', made.token],
    ])
    expect([agent.code, agent.err]).toEqual([0, ''])
    expect(agent.out).toMatch(/has acknowledged the first \d+ records/)
    const again = await waybill(['up', '--dry-run', '-c', join(folder, 'indexer.yml')])
    expect(again.out).toContain('is there, and stays as it is.')
  })

  it('says what does not go together, and changes nothing unasked', async () => {
    const run = (...args: string[]) => waybill(['up', '-c', join(folder, 'new.yml'), ...args])
    expect(await run('--listen', 'http://0.0.0.0:8600')).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'would let others read everything; write https, or an address on loopback',
      ),
    })
    expect(await run('--cert', 'a.pem')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--cert and --key go together'),
    })
    expect(await run('--listen', 'nowhere')).toMatchObject({ code: 2 })
    const shown = await run('--dry-run', '--elasticsearch', 'https://es1.example:9200')
    expect(shown).toMatchObject({ code: 0, err: 'Nothing was changed.\n' })
    expect(shown.out).toContain('api-key: ${env:WAYBILL_ES_API_KEY}')
    expect(await run()).toMatchObject({
      code: 1,
      err: expect.stringContaining('--yes does it without asking'),
    })
    await expect(stat(join(folder, 'new.yml'))).rejects.toThrow('ENOENT')
  })
})
