import type { estypes } from '@elastic/elasticsearch'
import { type Rule, windowOf } from '../../../lifecycle/table.ts'
import { MOST_SHARD_BYTES } from '../ageing.ts'

const DAY = 86_400_000
/** An index takes the retries of what was pinned to it for a day after its rollover: nothing may close it to writing before. */
const STAYS_WRITABLE = DAY

/** Elasticsearch's units have no years, and go up to days. */
export function durationOf(ms: number): string {
  if (ms % DAY === 0) return `${ms / DAY}d`
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return `${ms}ms`
}

/**
 * The lifecycle policy of a category. Ages count from the rollover. Where events are archived the policy deletes nothing: only Waybill knows what is
 * in the archive, and it deletes what is. Where they are not, Waybill deletes each index when its time is over, with an event of the trail, and the policy only
 * what is still there a window later: when no indexer runs.
 */
export function policyOf({ searchable, archive, warm, cold }: Rule): estypes.IlmPolicy {
  const window = windowOf(searchable)
  return {
    phases: {
      hot: {
        min_age: '0ms',
        actions: {
          rollover: { max_age: durationOf(window), max_primary_shard_size: MOST_SHARD_BYTES },
          set_priority: { priority: 100 },
        },
      },
      ...(warm !== null && {
        warm: {
          min_age: durationOf(Math.max(warm, STAYS_WRITABLE)),
          actions: { forcemerge: { max_num_segments: 1 }, set_priority: { priority: 50 } },
        },
      }),
      ...(cold !== null && {
        cold: {
          min_age: durationOf(Math.max(cold, STAYS_WRITABLE)),
          actions: { set_priority: { priority: 0 } },
        },
      }),
      ...(archive === null && {
        delete: { min_age: durationOf(searchable + window), actions: { delete: {} } },
      }),
    },
  }
}
