import * as z from 'zod'
import { duration } from '../../../config/index.ts'

const MINUTE = 60_000

/** The background verification: `verify` in indexer.yml. */
export const watchSchema = z.strictObject({
  enabled: z.boolean().default(true),
  /** How often the newest day is verified. */
  every: duration({ min: MINUTE, max: 24 * 60 * MINUTE }).default(60 * MINUTE),
  /** The share of the time in which it works. */
  share: z.number().min(0.01).max(1).default(0.1),
})
export type WatchSettings = z.infer<typeof watchSchema>
