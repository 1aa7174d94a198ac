import type { Logger } from 'pino'

/** What the agent's parts ask of a log. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
