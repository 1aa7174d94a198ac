import { createInterface } from 'node:readline'
import { OperatorError } from '../../schema/index.ts'
import { UsageError } from './exit.ts'

/** Asks whoever calls the command: at a terminal, or the lines of standard input one after the other. */
export interface Prompt {
  ask(question: string): Promise<string>
  /** What is typed is not shown. */
  askHidden(question: string): Promise<string>
  close(): void
}

export const openPrompt = (): Prompt => (process.stdin.isTTY ? terminalPrompt() : linePrompt())

function linePrompt(): Prompt {
  const lines = createInterface({ input: process.stdin })
  const next = lines[Symbol.asyncIterator]()
  const ask = async (question: string): Promise<string> => {
    const line = await next.next()
    if (line.done === true)
      throw new UsageError(`Standard input ended where "${question.replace(/:? *$/, '')}" was asked for`)
    return line.value
  }
  return { ask, askHidden: ask, close: () => lines.close() }
}

const ENTER = new Set(['\r', '\n', '\u0004'])
const INTERRUPT = '\u0003'
const ERASE = new Set(['\u007f', '\b'])
const CLEAR = '\u0015'

function terminalPrompt(): Prompt {
  return {
    ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr })
      return new Promise((resolve, reject) => {
        terminal.once('close', () => reject(new OperatorError('Nothing was done')))
        terminal.question(question, (answer) => {
          resolve(answer.trim())
          terminal.close()
        })
      })
    },
    askHidden(question) {
      const { stdin, stderr } = process
      stderr.write(question)
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      stdin.resume()
      return new Promise((resolve, reject) => {
        let typed = ''
        const end = (): void => {
          stdin.off('data', onData)
          stdin.setRawMode(false)
          stdin.pause()
          stderr.write('\n')
        }
        const take = (sign: string): void => {
          if (ERASE.has(sign)) typed = [...typed].slice(0, -1).join('')
          else if (sign === CLEAR) typed = ''
          else typed += sign
        }
        const onData = (text: string): void => {
          for (const sign of text) {
            if (ENTER.has(sign) || sign === INTERRUPT) {
              end()
              if (sign === INTERRUPT) reject(new OperatorError('Nothing was done'))
              else resolve(typed)
              return
            }
            take(sign)
          }
        }
        stdin.on('data', onData)
      })
    },
    close() {},
  }
}
