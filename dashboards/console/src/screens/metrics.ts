import { useAsk } from '../api/use-ask.ts'

/** One figure of those that the indexer gives to Prometheus; null where it gives none. */
export function useMetric(name: string): number | null {
  const { data } = useAsk('getMetrics', {}, { every: 30_000 })
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(data ?? '')?.[1]
  return value === undefined ? null : Number(value)
}
