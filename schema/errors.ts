/**
 * What an operator can mend: a bad setting, a missing right, a full disk. Shown as one clear sentence,
 * with the place and the remedy, never as a stack trace. Anything else that throws is our own mistake.
 */
export class OperatorError extends Error {
  override name = 'OperatorError'
  /** What the command's process exits with. */
  readonly exitCode: number

  constructor(sentence: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}

/** The words of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The system's error code (`ENOSPC`, `EACCES`) where there is one. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
