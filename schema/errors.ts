import type { ErrorCode } from './error-codes.ts'

/**
 * An error that an operator can correct: a wrong setting, a missing permission, a full disk. People see one clear sentence
 * with the place and the remedy, and a code of the catalogue, never a stack trace. All other errors are defects of Waybill.
 */
export class OperatorError extends Error {
  override name = 'OperatorError'
  readonly code: ErrorCode
  /** The exit code of the command's process. */
  readonly exitCode: number

  constructor(code: ErrorCode, sentence: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.exitCode = options.exitCode ?? 1
  }
}

/** The sentence of an error with its code, for a command line; further lines, such as a query with a mark, follow it. */
export function codedText({ code, message }: { readonly code: string; readonly message: string }): string {
  const [first = '', ...below] = message.split('\n')
  return [`${first} (${code})`, ...below].join('\n')
}

/** The members of a log line about an error, besides its sentence: the code of an operator's error, else everything. */
export function logged(thrown: unknown): { readonly code: ErrorCode } | { readonly err: unknown } {
  return thrown instanceof OperatorError ? { code: thrown.code } : { err: thrown }
}

/** The message of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The system's error code (`ENOSPC`, `EACCES`), if there is one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
