import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { OperatorError } from '../../schema/index.ts'
import { lockFolder } from './index.ts'

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-lock-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** The claim of an earlier process with the id of this one. */
async function deadClaim(dir: string, round: number): Promise<string> {
  const lock = await lockFolder(dir)
  const claim: unknown = JSON.parse(await readFile(join(dir, 'lock'), 'utf8'))
  await lock.release()
  return JSON.stringify({ ...(claim as object), started: '1', nonce: String(round).padStart(32, '0') })
}

const HOLDER = `
  import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
  setInterval(() => undefined, 1000)
  try {
    await lockFolder(process.argv[1])
    process.stdout.write('held\\n')
  } catch (problem) {
    process.stdout.write(problem.name + ': ' + problem.message + '\\n')
    process.exit(1)
  }
`

/** Starts a process that takes the lock and keeps it; returns its first output. */
async function holder(dir: string): Promise<{ said: string; pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data))),
  )
  return {
    said,
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

describe('the lock of a data folder', () => {
  it('keeps a second process out, and names the one that has it', async () => {
    const dir = await folder()
    const first = await holder(dir)
    expect(first.said).toBe('held\n')
    await expect(lockFolder(dir)).rejects.toThrow(OperatorError)
    await expect(lockFolder(dir)).rejects.toThrow(`process id ${first.pid}`)
    expect(await readdir(dir)).toEqual(['lock'])
  })

  it('keeps a second taker out of its own process too, until it is released', async () => {
    const dir = await folder()
    const lock = await lockFolder(dir)
    await expect(lockFolder(dir)).rejects.toThrow(`process id ${process.pid}`)
    await lock.release()
    await (await lockFolder(dir)).release()
    expect(await readdir(dir)).toEqual([])
  })

  it('is taken over from a process that was killed', async () => {
    const dir = await folder()
    const first = await holder(dir)
    await first.kill()
    const lock = await lockFolder(dir)
    expect(JSON.parse(await readFile(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    await lock.release()
    expect(await readdir(dir)).toEqual([])
  })

  it('is taken over when the process id was given to another process', async () => {
    const dir = await folder()
    await writeFile(join(dir, 'lock'), await deadClaim(dir, 1))
    await (await lockFolder(dir)).release()
  })

  it('is taken over when its file is empty or damaged', async () => {
    const dir = await folder()
    for (const content of ['', 'damaged', '{"pid":1}']) {
      await writeFile(join(dir, 'lock'), content)
      await (await lockFolder(dir)).release()
    }
  })

  it('is given to one of many that find a dead holder at once', async () => {
    const dir = await folder()
    for (let round = 0; round < (process.env.WAYBILL_FULL ? 30 : 2); round++) {
      await writeFile(join(dir, 'lock'), await deadClaim(dir, round))
      const takers = await Promise.all(Array.from({ length: 6 }, () => holder(dir)))
      const holding = takers.filter(({ said }) => said === 'held\n')
      expect(holding).toHaveLength(1)
      for (const { said } of takers) expect(said).toMatch(/^(held|OperatorError: .* is in use)/)
      for (const taker of takers) await taker.kill()
    }
  }, 60_000)

  it('is given to one of many within a process', async () => {
    const dir = await folder()
    for (let round = 0; round < 30; round++) {
      await writeFile(join(dir, 'lock'), `damaged ${round}`)
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(dir)))
      const locks = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(locks).toHaveLength(1)
      await locks[0]?.release()
      expect((await readdir(dir)).filter((name) => !name.startsWith('lock.after-'))).toEqual([])
    }
  })
})
