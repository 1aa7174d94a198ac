import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { EngineAddress } from '../test/engines/elasticsearch.ts'

/** The resources that a process has used so far, according to the kernel. */
export interface Usage {
  readonly cpuSeconds: number
  readonly peakRssMegabytes: number
}

const TICKS_PER_SECOND = 100
const SAMPLE_MS = 20

/** Linux only: `/proc` has the times in clock ticks and the high-water mark of resident memory. */
export function usageOf(pid: number): Usage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    if (peak === null) return null
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      peakRssMegabytes: Number(peak[1]) / 1024,
    }
  } catch {
    return null
  }
}

/** The processor time that all nodes of an Elasticsearch have used, as they report it: also of a server that somebody else started. */
export async function engineCpuSeconds({ url, username, password }: EngineAddress): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const answer = await fetch(`${url}/_nodes/stats/process`, { headers: { authorization } })
  const { nodes } = z
    .object({
      nodes: z.record(
        z.string(),
        z.object({ process: z.object({ cpu: z.object({ total_in_millis: z.number() }) }) }),
      ),
    })
    .parse(await answer.json())
  return Object.values(nodes).reduce((sum, { process }) => sum + process.cpu.total_in_millis / 1000, 0)
}

/** A command as it is published: what is installed is what is measured. `npm run build` makes it. */
export function published(command: 'waybill' | 'waybill-agent'): string {
  const path = join(import.meta.dirname, '../dist/bin', `${command}.js`)
  if (!existsSync(path)) throw new Error(`${path} is not there: run \`npm run build\` first`)
  return path
}

/** A process of the measurement: watched from its start, so that its last figures are there when it has gone. */
export class Measured {
  readonly child: ChildProcess
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  #last: Usage = { cpuSeconds: 0, peakRssMegabytes: 0 }

  constructor(command: string, arguments_: readonly string[], logFile: string) {
    const log = openSync(logFile, 'a')
    // The commands are started as a user starts them, by their launchers, with the Node that runs this.
    const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`
    this.child = spawn(command, arguments_, {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, PATH: path },
    })
    closeSync(log)
    this.#timer = setInterval(() => this.usage(), SAMPLE_MS)
  }

  /** The first line that it prints. */
  async firstLine(): Promise<string> {
    const { stdout } = this.child
    if (stdout === null) throw new Error('the process has no standard output')
    let text = ''
    for await (const part of stdout.setEncoding('utf8')) {
      text += part
      const end = text.indexOf('\n')
      if (end !== -1) return text.slice(0, end)
    }
    throw new Error(`the process ended before it printed a line; it printed ${JSON.stringify(text)}`)
  }

  usage(): Usage {
    const now = this.child.pid === undefined ? null : usageOf(this.child.pid)
    if (now !== null && now.cpuSeconds >= this.#last.cpuSeconds) this.#last = now
    return this.#last
  }

  /** Resident memory at this moment. */
  residentMegabytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
  }

  /** Waits for its end; its wall time in seconds. */
  async ended(): Promise<{ seconds: number; code: number | null }> {
    this.child.stdout?.resume()
    const code =
      this.child.exitCode ?? (await once(this.child, 'exit').then(([value]) => value as number | null))
    clearInterval(this.#timer)
    return { seconds: (performance.now() - this.#began) / 1000, code }
  }

  async stop(): Promise<void> {
    this.usage()
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM')
      await this.ended()
    }
    clearInterval(this.#timer)
  }
}
