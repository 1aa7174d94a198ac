import { once } from 'node:events'
import { type AuditEvent, type ErrorCode, OperatorError, valuesOf } from '../../schema/index.ts'
import { harmlessJson } from './terminal.ts'

/** Standard output, no faster than its reader: what is written waits until the reader has taken it. */
export async function write(text: string): Promise<void> {
  if (text === '') return
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

export const writeLines = (lines: readonly string[]): Promise<void> =>
  write(lines.length === 0 ? '' : `${lines.join('\n')}\n`)

/** One object a line, for programs. */
export const jsonLines = (objects: readonly unknown[]): string[] =>
  objects.map((object) =>
    process.stdout.isTTY ? harmlessJson(JSON.stringify(object)) : JSON.stringify(object),
  )

/** The exit codes of `waybill`; `--help` lists the same, but for 130, which shells expect after Ctrl-C. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, notFound: 4, interrupted: 130 } as const

/** A wrong command line. */
export class UsageError extends OperatorError {
  override name = 'UsageError'
  constructor(sentence: string, code: ErrorCode = 'WB-USAGE') {
    super(code, sentence, { exitCode: EXIT.usage })
  }
}

/** A place is worked out from an address, and is often wrong by a city: that is stated wherever one is shown. */
export const isEstimated = (path: string): boolean => path.startsWith('source.geo.')

/** The mark after a value that the source did not give. */
export function markOf(event: AuditEvent, path: string): string {
  if (isEstimated(path)) return ' (estimated)'
  return valuesOf(event, 'audit.derived').includes(path) ? ' (derived)' : ''
}
