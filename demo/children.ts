import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

export interface ChildOptions {
  /** What people call it: "the indexer". */
  readonly name: string
  /** Arguments of Node: a script and its own. */
  readonly args: readonly string[]
  /** Takes the child's output and errors, from the start. */
  readonly log: string
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One of our own programs as a process of its own. */
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
      // Ctrl-C goes to the whole group of a terminal. In groups of their own, the children end in our order instead.
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

  /** Asks it to stop, and kills it when it does not within so many milliseconds; false when that was needed. */
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

  /** How it ended, and what it said last. */
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

/** The last sentences of a log: of JSON lines their message, of others the line. */
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
        // Not every line is JSON: a sentence for the operator stands as it is.
      }
      return line
    })
    .join(' ')
}
