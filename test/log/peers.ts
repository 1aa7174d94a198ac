import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** Programs of others that check a log. `go.mod` beside this file names their versions, and `go.sum` their hashes. */
const HERE = import.meta.dirname
const BIN = join(HERE, '../../node_modules/.cache/waybill-log')

/** Why the programs can't be had, in a sentence; null if they can. They are built once, and kept with the packages of npm. */
export function whyNoPeers(): string | null {
  if (spawnSync('go', ['version']).status !== 0)
    return 'Go is not installed, so the log is not checked by other people’s programs'
  mkdirSync(BIN, { recursive: true })
  const built = spawnSync('go', ['install', 'tool'], {
    cwd: HERE,
    env: { ...process.env, GOBIN: BIN, GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    encoding: 'utf8',
  })
  if (built.status === 0 && existsSync(join(BIN, 'fsck'))) return null
  return `Go can't build the programs that check the log: ${built.stderr.trim().split('\n').at(-1)}`
}

export const peer = (name: 'fsck' | 'litewitness'): string => join(BIN, name)

export interface Ran {
  readonly code: number | null
  readonly text: string
}

/** Runs a program to its end, or to the end of its time, while this process goes on to serve it. */
export async function run(program: string, args: readonly string[], time = 120_000): Promise<Ran> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: time,
    killSignal: 'SIGKILL',
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, text }
}

export const hasAgentOfKeys = (): boolean =>
  spawnSync('ssh-agent', ['-h']).error === undefined && spawnSync('ssh-add', ['-h']).error === undefined

/** A new Ed25519 key in an ssh-agent, as litewitness wants it: the socket, and the key's fingerprint. */
export async function agentOfKeys(
  folder: string,
): Promise<{ socket: string; fingerprint: string; child: ChildProcess }> {
  const socket = join(folder, 'agent.sock')
  const key = join(folder, 'witness-key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  for (let i = 0; !existsSync(socket); i++) {
    if (i > 500) throw new Error('ssh-agent does not begin')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' })
  const listed = execFileSync('ssh-keygen', ['-l', '-f', `${key}.pub`], { encoding: 'utf8' })
  return { socket, fingerprint: listed.split(' ')[1] ?? '', child }
}
