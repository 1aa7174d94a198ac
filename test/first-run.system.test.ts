import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { freePort, until } from './system/system.ts'

/**
 * What a newcomer does: a fresh clone, and the first command of the README, with what their machine has by way of Node and npm. The versions come
 * as packages from the registry, into a folder of their own.
 */
const ROOT = join(import.meta.dirname, '..')
const MACHINES = [
  { node: '20', npm: '11' },
  { node: '22', npm: '12' },
  { node: '24', npm: '12' },
]
const PATIENCE_MS = 480_000
/** What npm says about a setting that this machine's owner gave it. */
const THE_MACHINES_OWN = /^npm warn Unknown (env|user|global) config .*$/gm

/** What npm tells the commands that it runs: a newcomer's shell has none of it. Where packages come from is kept. */
const OURS =
  /^(npm_(lifecycle|package|command|execpath|node_execpath|config_(loglevel|engine_strict|global|prefix|local_prefix|node_gyp|npm_version|user_agent|noproxy))|INIT_CWD$|NODE|VITEST|WAYBILL)/i
const SHELL = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)))

/** The README's first block of shell. */
const command = /```sh\n(.+)\n```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? ''

const nodePackage = (): string => {
  const system = process.platform === 'darwin' && process.arch === 'arm64' ? 'bin-darwin' : process.platform
  return `node-${system}-${process.arch}`
}

const run = promisify(execFile)

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGINT')
  await ended
}

/** A clone of what lies in the working tree, tracked changes included, so that what is tested is what is in front of you. */
function freshClone(place: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim()
  const clone = join(place, 'waybill')
  git('clone', '--quiet', '--shared', '--no-checkout', ROOT, clone)
  git('-C', clone, 'checkout', '--quiet', '--detach', git('stash', 'create') || git('rev-parse', 'HEAD'))
  return clone
}

/** A folder with `node` and `npm` of these versions, as a machine has them on its path. */
async function machine(place: string, { node, npm }: { node: string; npm: string }): Promise<string> {
  const folder = join(place, 'machine')
  mkdirSync(folder)
  const packages = [`${nodePackage()}@${node}`, `npm@${npm}`]
  await run('npm', ['install', '--prefix', folder, '--no-save', '--loglevel=error', ...packages], {
    env: SHELL,
  })
  return join(folder, 'node_modules/.bin')
}

it('the README begins with the command that is tried here', () => {
  expect(command).toBe('npm ci && npm start')
})

// At once: most of the time packages are fetched and unpacked.
describe.concurrent.each(MACHINES)('on a machine with Node $node and npm $npm', (versions) => {
  it('the first command of the README leads to events that can be searched, without a warning', {
    timeout: 2 * PATIENCE_MS,
  }, async ({ expect, onTestFinished }) => {
    const place = mkdtempSync(join(tmpdir(), 'waybill-first-run-'))
    onTestFinished(() => rm(place, { recursive: true, force: true }))
    const clone = freshClone(place)
    const path = `${await machine(place, versions)}:/usr/local/bin:/usr/bin:/bin`
    const env = { ...SHELL, PATH: path, WAYBILL_PORT: String(await freePort()) }
    const shell = async (text: string): Promise<string> =>
      (await run('sh', ['-c', text], { cwd: clone, env })).stdout
    expect(await shell('node -v')).toMatch(new RegExp(`^v${versions.node}\\.`))
    expect(await shell('npm -v')).toMatch(new RegExp(`^${versions.npm}\\.`))

    const child = spawn('sh', ['-c', command], {
      cwd: clone,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => stop(child))
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => (said += part))
    await until('Waybill runs', () => said.includes('Waybill runs') || child.exitCode !== null, PATIENCE_MS)
    expect(said).toContain('Waybill runs')

    // As it is printed for the next terminal.
    const search = /npx waybill search 'ip.*?(?= {2,})/.exec(said)?.[0] ?? ''
    await until(
      'an event can be searched',
      async () => (await shell(search)).includes('203.0.113.45'),
      PATIENCE_MS,
    )
    // Called by its path, outside npm, a command finds its Node as well.
    expect(await shell('node bin/waybill.js --help')).toContain('waybill')
    expect(await shell('node bin/waybill-agent.js --help')).toContain('waybill-agent')
    await stop(child)
    expect(said.replaceAll(THE_MACHINES_OWN, '')).not.toMatch(/warn|EBADENGINE|deprecated|script|vulnerab/i)
  })
})
