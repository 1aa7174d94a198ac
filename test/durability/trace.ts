import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * The recorder of file-system calls: strace on a real process. It sees what no wrapper around `node:fs` would: SQLite's own writes and
 * syncs, worker threads, and whatever a dependency does, in the order in which the system was asked, with the bytes. So production code
 * knows nothing of it. It needs Linux and the right to trace one's own children.
 */
const CALLS = [
  ...['open', 'openat', 'creat', 'close'],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fallocate'],
  ...['fsync', 'fdatasync', 'sync_file_range'],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'link', 'linkat'],
  ...['mmap', 'sendto', 'sendmsg', 'sendfile', 'copy_file_range', 'ioctl'],
]

/** One call to the system. */
export interface Call {
  readonly name: string
  /** Places in the record: a call ends after others that began later, where threads call at once. */
  readonly begin: number
  /** Infinite where the process ended during the call. */
  readonly end: number
  /** When it began, seconds since 1970. */
  readonly time: number
  readonly fd: number | null
  /** The target of the descriptor: a path, or a name such as `socket:[4711]`. */
  readonly target: string
  /** Its arguments that are paths. */
  readonly paths: readonly string[]
  readonly data: Buffer | null
  readonly offset: number | null
  readonly flags: string
  readonly size: number
  /** The result of the call; a negative one is a failure. */
  readonly result: number
}

/** Why processes can't be traced here; null if they can. */
export function whyNotTraced(): string | null {
  try {
    execFileSync('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=openat', 'true'], {
      stdio: 'ignore',
    })
    return null
  } catch {
    if (process.env.WAYBILL_STRACE === 'required')
      throw new Error('strace is required, and does not work here')
    return 'strace is not installed, or this user may not trace'
  }
}

export interface Traced {
  readonly pid: number
  readonly stdout: NodeJS.ReadableStream
  /** Sends a signal to the process, and waits for its end. */
  kill(signal: NodeJS.Signals): Promise<void>
  readonly ended: Promise<number | null>
}

/** Starts a process of Node whose calls are written to a file. */
export function traced(args: readonly string[], to: string, cwd: string): Traced {
  const child = spawn(
    'strace',
    [
      ...['-f', '-qq', '-ttt', '-y', '-xx', '-s', '1000000000', '--seccomp-bpf', '-e', 'signal=none'],
      ...['-e', `trace=${CALLS.join(',')}`, '-o', to, process.execPath, ...args],
    ],
    // A trace does not show calls through io_uring.
    { cwd, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, UV_USE_IO_URING: '0' } },
  )
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    ended,
    async kill(signal) {
      for (const pid of childrenOf(child.pid ?? 0)) {
        try {
          process.kill(pid, signal)
        } catch {
          // It has ended in the meantime.
        }
      }
      await ended
    },
  }
}

/** Processes under this one, the deepest first. */
function childrenOf(pid: number): number[] {
  let text = ''
  try {
    text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  } catch {
    return []
  }
  const children = text.split('\n').filter(Boolean).map(Number)
  return children.flatMap((child) => [...childrenOf(child), child])
}

/** Reads a record, in the order in which the calls began. */
export async function readTrace(file: string, cwd: string, startAt = 0): Promise<Call[]> {
  const calls: Call[] = []
  const open = new Map<string, { text: string; begin: number; time: number }>()
  let number = startAt
  const add = (text: string, begin: number, end: number, time: number): void => {
    const call = callOf(text, begin, end, time, cwd)
    if (call !== null) calls.push(call)
  }
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    number++
    const first = line.indexOf(' ')
    const pid = line.slice(0, first)
    const second = line.indexOf(' ', first + 1)
    // The column of process ids is as wide as the widest.
    const words = second === first + 1 ? /^(\d+) +([\d.]+) (.*)$/.exec(line) : null
    const time = Number(words === null ? line.slice(first + 1, second) : words[2])
    const text = words === null ? line.slice(second + 1) : words[3]!
    if (text.startsWith('+++') || text.startsWith('---')) continue
    const resumed = text.startsWith('<... ') ? text.indexOf(' resumed>') : -1
    if (resumed !== -1) {
      const begun = open.get(pid)
      open.delete(pid)
      if (begun !== undefined)
        add(begun.text + text.slice(resumed + ' resumed>'.length), begun.begin, number, begun.time)
      continue
    }
    const unfinished = text.indexOf(' <unfinished ...>')
    if (unfinished !== -1) open.set(pid, { text: text.slice(0, unfinished), begin: number, time })
    else add(text, number, number, time)
  }
  for (const { text, begin, time } of open.values())
    add(`${text}) = 0`, begin, Number.POSITIVE_INFINITY, time)
  return calls.sort((a, b) => a.begin - b.begin)
}

const bytesOf = (escaped: string): Buffer => Buffer.from(escaped.replaceAll('\\x', ''), 'hex')
const textOf = (escaped: string): string => bytesOf(escaped).toString('utf8')

function callOf(text: string, begin: number, end: number, time: number, cwd: string): Call | null {
  const paren = text.indexOf('(')
  const close = text.lastIndexOf(') = ')
  if (paren === -1 || close === -1) return null
  const name = text.slice(0, paren)
  const args = text.slice(paren + 1, close)
  const result = Number.parseInt(text.slice(close + 4), 10)
  const strings: string[] = []
  let rest = ''
  let after = 0
  for (let at = args.indexOf('"'); at !== -1; at = args.indexOf('"', after)) {
    const last = args.indexOf('"', at + 1)
    strings.push(args.slice(at + 1, last))
    rest += args.slice(after, at)
    after = last + 1
  }
  rest += args.slice(after)
  const place = /^(\d+|AT_FDCWD)(?:<([^>]*)>)?/.exec(rest)
  const target = place?.[2] === undefined ? '' : textOf(place[2])
  const fd = place === null || place[1] === 'AT_FDCWD' ? null : Number(place[1])
  const numbers = rest.split(',').map((one) => Number.parseInt(one.trim(), 10))
  const base = {
    name,
    begin,
    end,
    time,
    fd,
    target,
    paths: [],
    data: null,
    offset: null,
    flags: '',
    size: 0,
    result,
  }
  switch (name) {
    case 'write':
    case 'sendto':
    case 'writev':
    case 'sendmsg':
    case 'pwrite64':
    case 'pwritev':
    case 'pwritev2': {
      const data = Buffer.concat(strings.map(bytesOf))
      const positioned = name.startsWith('pwrite')
      const offset = positioned ? numbers.at(name === 'pwritev2' ? -2 : -1)! : null
      return {
        ...base,
        data: end === Number.POSITIVE_INFINITY ? data : data.subarray(0, Math.max(0, result)),
        offset,
      }
    }
    case 'ftruncate':
      return { ...base, size: numbers[1] ?? 0 }
    case 'truncate':
      return { ...base, paths: [resolve(cwd, textOf(strings[0]!))], size: numbers.at(-1) ?? 0 }
    case 'fallocate':
      return { ...base, size: (numbers[2] ?? 0) + (numbers[3] ?? 0) }
    case 'mmap':
      return { ...base, flags: rest, target: mappedIn(rest) }
    case 'ioctl':
      return null
    case 'fsync':
    case 'fdatasync':
    case 'close':
    case 'sync_file_range':
    case 'sendfile':
    case 'copy_file_range':
      return base
    default: {
      // Relative paths begin where the descriptor before them leads, or at the working directory.
      const folders = [...rest.matchAll(/AT_FDCWD<([^>]*)>|(?<=^|, )\d+<([^>]*)>/g)].map((one) =>
        textOf(one[1] ?? one[2] ?? ''),
      )
      const paths = strings.map((one, i) => resolve(folders[i] ?? folders[0] ?? cwd, textOf(one)))
      return { ...base, paths, flags: rest }
    }
  }
}

function mappedIn(rest: string): string {
  const found = /, \d+<([^>]*)>/.exec(rest)
  return found === null ? '' : textOf(found[1]!)
}
