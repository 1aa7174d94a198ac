import type { Logger } from 'pino'

/** The functions of a log that the agent's parts use. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
