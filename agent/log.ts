import { type Logger, pino } from 'pino'

/**
 * The agent's log: one JSON object a line on standard error, which systemd and containers keep. Written at once (no worker
 * thread, no buffer): it is little, and the last line before a crash is the one that matters.
 */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
