import { closeSync, writeSync } from 'node:fs'
import { reasonOf } from '../schema/index.ts'

/** What a program tells the service manager that started it: systemd's protocol, of datagrams to a socket that the environment names. */
export interface Supervisor {
  /** It has begun: `systemctl start` returns now. */
  ready(): void
  /** It ends on purpose, and takes its time. */
  stopping(): void
}

const NONE: Supervisor = { ready() {}, stopping() {} }

/** How often a program reports within the time after which systemd restarts it. */
const REPORTS = 3

/**
 * With a watchdog (`WatchdogSec=`) it reports as long as this thread comes to it and `isAlive` agrees. Otherwise it stays silent, so that systemd restarts the
 * program. Without a service manager it does nothing.
 */
export function openSupervisor(given: {
  readonly environment: NodeJS.ProcessEnv
  readonly isAlive: () => boolean
  readonly warn: (sentence: string) => void
}): Supervisor {
  const { environment, isAlive, warn } = given
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: within, WATCHDOG_PID: whom } = environment
  // A program that this one starts must not report in its name.
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name]
  if (path === undefined) return NONE
  let fault: string | null = null
  let socket: number | null = null
  const send = (text: string): void => {
    try {
      socket ??= connected(path)
      writeSync(socket, text)
      fault = null
    } catch (error) {
      // The next report tries again.
      const sentence = `systemd does not take reports at ${path}: ${reasonOf(error)}`
      if (sentence !== fault) warn(sentence)
      fault = sentence
    }
  }
  const isWatched = within !== undefined && (whom === undefined || Number(whom) === process.pid)
  if (isWatched)
    setInterval(
      () => {
        if (isAlive()) send('WATCHDOG=1')
      },
      Number(within) / 1000 / REPORTS,
    ).unref()
  return { ready: () => send('READY=1\nWATCHDOG=1'), stopping: () => send('STOPPING=1') }
}

const [AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC] = [1, 2, 0o4000, 0o2000000]

/**
 * A connected socket for datagrams, as a descriptor. Node itself has none for local addresses, so the C library is asked. Datagrams are then written like a file,
 * and come from this very process: systemd need not accept reports of others.
 */
function connected(path: string): number {
  const { dlopen } = process.getBuiltinModule('node:ffi')
  const { functions } = dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    connect: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
  })
  const socket = functions.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (socket < 0) throw new Error('the system gives no socket')
  // The address is the family and the path; one that begins with @ is in no folder, and begins with a zero.
  const address = Buffer.from(`..${path.replace(/^@/, '\0')}`)
  address.writeUInt16LE(AF_UNIX, 0)
  if (functions.connect(socket, address, address.length) >= 0) return socket
  closeSync(socket)
  throw new Error('nobody listens there')
}
