import { type Logger, pino } from 'pino'

/**
 * The agent's log: one JSON object per line on standard error, which systemd and containers keep. It is written synchronously (no worker
 * thread, no buffer): it is small, and the last line before a crash is the important one.
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
