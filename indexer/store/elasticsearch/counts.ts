import type { Client, estypes } from '@elastic/elasticsearch'
import type { CountDimension, CountRequest, CountRow } from '../port.ts'
import type { Names } from './names.ts'
import { WHOLE } from './search.ts'

const FIELDS: Readonly<Record<CountDimension, string>> = {
  category: 'audit.category',
  action: 'event.action',
  user: 'user.name',
  entity: 'audit.entity.type',
  outcome: 'event.outcome',
}

const HOUR = 3_600_000
const AT_A_TIME = 1000

interface Buckets {
  readonly after_key?: Record<string, estypes.FieldValue>
  readonly buckets: readonly {
    readonly key: { readonly hour: number; readonly value: string }
    readonly doc_count: number
  }[]
}

/** Hourly counts: the cluster counts when it is asked. Hours that begin within `from` and `to` count whole. */
export async function countsOf(
  client: Client,
  names: Names,
  { by, from, to }: CountRequest,
): Promise<CountRow[]> {
  const least = Math.ceil(from / HOUR) * HOUR
  const end = Math.ceil(to / HOUR) * HOUR
  const rows: CountRow[] = []
  let after: Record<string, estypes.FieldValue> | undefined
  do {
    const answer = await client.search<unknown, { hours: Buckets }>({
      index: names.events,
      ...WHOLE,
      size: 0,
      query: { range: { '@timestamp': { gte: least, lt: end, format: 'epoch_millis' } } },
      aggregations: {
        hours: {
          composite: {
            size: AT_A_TIME,
            sources: [
              { hour: { date_histogram: { field: '@timestamp', fixed_interval: '1h' } } },
              { value: { terms: { field: FIELDS[by] } } },
            ],
            ...(after !== undefined && { after }),
          },
        },
      },
    })
    const hours = answer.aggregations?.hours
    for (const { key, doc_count: count } of hours?.buckets ?? []) {
      if (key.value !== '') rows.push({ hour: key.hour, value: key.value, count })
    }
    after = hours?.after_key
  } while (after !== undefined)
  return rows.sort((a, b) => a.hour - b.hour || (a.value < b.value ? -1 : 1))
}
