import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface ChildOptions {
  /** The name in messages: "the indexer". */
  readonly name: string
  /** Arguments of Node: a script and the script's own arguments. */
  readonly args: readonly string[]
  /** The file for the child's output and errors, from the start. */
  readonly log: string
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs one of our own programs as a separate process. */
export class Child {
  readonly name: string
  readonly log: string
  readonly ended: Promise<Ending>
  private readonly process: ChildProcess
  private ending: Ending | null = null

  constructor({ name, args, log }: ChildOptions) {
    this.name = name
    this.log = log
    const output = openSync(log, 'w')
    this.process = spawn(process.execPath, args, {
      stdio: ['ignore', output, output],
      // Ctrl-C reaches the whole process group of a terminal. With separate groups, the children end in our order instead.
      detached: true,
    })
    closeSync(output)
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending): void => {
        this.ending = ending
        resolve(ending)
      }
      this.process.once('exit', (code, signal) => end({ code, signal }))
      this.process.once('error', () => end({ code: null, signal: null }))
    })
  }

  get running(): boolean {
    return this.ending === null
  }

  /** Asks it to stop, and kills it if it does not stop within this many milliseconds; returns false if that was necessary. */
  async stop(patience: number): Promise<boolean> {
    if (!this.running) return true
    this.process.kill('SIGTERM')
    let killed = false
    const timer = setTimeout(() => {
      killed = true
      this.process.kill('SIGKILL')
    }, patience)
    await this.ended
    clearTimeout(timer)
    return !killed
  }

  /** Describes how it ended, and its last output. */
  epitaph(): string {
    const { code, signal } = this.ending ?? { code: null, signal: null }
    const how =
      code !== null
        ? `ended with exit code ${code}`
        : signal !== null
          ? `was ended by ${signal}`
          : 'could not be started'
    const words = lastWords(readFileSync(this.log, 'utf8'))
    return `${this.name} ${how}${words === '' ? '.' : `: ${words}`}`
  }
}

/** The last sentences of a log: of JSON lines the message, of others the line. */
export function lastWords(log: string): string {
  return log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .map((line) => {
      try {
        const record: unknown = JSON.parse(line)
        if (typeof record === 'object' && record !== null && 'msg' in record) return String(record.msg)
      } catch {
        // Not every line is JSON: a sentence for the operator stays unchanged.
      }
      return line
    })
    .join(' ')
}
