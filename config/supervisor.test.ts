import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../test/system/system.ts'

const RECEIVER = `
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
while True:
    data, ancillary, flags, address = s.recvmsg(1000, 100)
    pid = struct.unpack('iii', ancillary[0][2])[0]
    print(pid, data.decode().replace('\\n', ' '), flush=True)
`
const PROGRAM = `
import { openSupervisor } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))}
let isAlive = true
const supervisor = openSupervisor({ environment: process.env, isAlive: () => isAlive, warn: console.log })
supervisor.ready()
console.log(Object.keys(process.env).filter((name) => /^(NOTIFY|WATCHDOG)_/.test(name)).join())
process.stdin.on('data', (text) => { isAlive = String(text).trim() === 'alive' })
process.stdin.on('end', () => supervisor.stopping())
`
const isThere = process.platform === 'linux' && spawnSync('python3', ['--version']).status === 0

/** A small python3 program receives the messages here. The tests of packaging/ start the services under a real systemd. */
describe.skipIf(!isThere)('what a service tells the service manager', () => {
  let folder: string
  let receiver: ChildProcess
  const lines: string[] = []
  const path = (): string => join(folder, 'notify')
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waybill-supervisor-'))
    receiver = spawn('python3', ['-c', RECEIVER, path()], { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: receiver.stdout! }).on('line', (line) => lines.push(line))
    await until('somebody receives', () => existsSync(path()))
  })
  afterAll(() => {
    receiver.kill()
    rmSync(folder, { recursive: true })
  })

  const start = (environment: Readonly<Record<string, string>>): ChildProcess =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', PROGRAM], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })

  it('comes from the process itself: that it has begun, that it goes on, and that it stops', async () => {
    const child = start({ NOTIFY_SOCKET: path(), WATCHDOG_USEC: '300000' })
    const said: string[] = []
    createInterface({ input: child.stdout! }).on('line', (line) => said.push(line))
    await until('it reports twice', () => lines.filter((line) => line.endsWith(' WATCHDOG=1')).length > 2)
    expect(lines[0]).toBe(`${child.pid} READY=1 WATCHDOG=1`)
    // What it starts must not report in its name.
    expect(said).toEqual([''])
    child.stdin!.write('stuck')
    await new Promise((resolve) => setTimeout(resolve, 400))
    const reports = lines.length
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(lines.length).toBe(reports)
    child.stdin!.write('alive')
    await until('it reports again', () => lines.length > reports)
    child.stdin!.end()
    await once(child, 'exit')
    await until('it said that it stops', () => lines.includes(`${child.pid} STOPPING=1`))
  })

  it('is logged once if nobody receives it, and the service goes on', async () => {
    const child = start({ NOTIFY_SOCKET: '@waybill-nobody', WATCHDOG_USEC: '30000' })
    const said: string[] = []
    createInterface({ input: child.stdout! }).on('line', (line) => said.push(line))
    await new Promise((resolve) => setTimeout(resolve, 600))
    child.stdin!.end()
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(said).toEqual(['systemd does not take reports at @waybill-nobody: nobody listens there', ''])
  })

  it('is nothing where no service manager asks for it', async () => {
    const child = start({})
    child.stdin!.end()
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(lines.filter((line) => line.startsWith(`${child.pid} `))).toEqual([])
  })
})
