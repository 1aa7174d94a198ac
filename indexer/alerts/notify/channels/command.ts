import { spawn } from 'node:child_process'
import { codeOf } from '../../../../schema/index.ts'
import { type Outcome, SENT, type Send } from './sender.ts'
import { webhookBody } from './webhook.ts'

const TIME_LIMIT = 30_000
const MOST_SAID = 2000

/**
 * Runs a program with the message as JSON on its standard input. There is no shell, and nothing of an event is in the arguments. It gets
 * none of the indexer's environment but the search path, and ends, with all that it started, after half a minute.
 */
export const commandSender =
  (command: readonly string[], limit = TIME_LIMIT): Send =>
  (message, signal) =>
    new Promise<Outcome>((resolve) => {
      const [program = '', ...args] = command
      const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', WAYBILL_MESSAGE: message.id }
      const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'pipe'], detached: true })
      let said = ''
      let isStopped = false
      const stop = (): void => {
        isStopped = true
        endGroup(child.pid)
      }
      const timer = setTimeout(stop, limit)
      signal.addEventListener('abort', stop, { once: true })
      const done = (outcome: Outcome): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve(outcome)
      }
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(0, MOST_SAID)
      })
      // A program that reads nothing may have closed its input.
      child.stdin.on('error', () => {})
      child.stdin.end(JSON.stringify(webhookBody(message)))
      child.once('error', (error) =>
        done({ kind: 'later', reason: `${program} can't be run (${codeOf(error) ?? error.message})` }),
      )
      child.once('exit', (code, ended) => {
        if (code === 0) return done(SENT)
        const how = isStopped ? `was stopped after ${limit / 1000} s` : `ended with ${code ?? ended}`
        return done({ kind: 'later', reason: `${program} ${how}${said === '' ? '' : `: ${said.trim()}`}` })
      })
    })

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself at this moment.
    if (codeOf(error) !== 'ESRCH') throw error
  }
}
