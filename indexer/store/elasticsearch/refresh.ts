import type { Client } from '@elastic/elasticsearch'
import { failureOfThrown } from './failures.ts'

/** What was written so far is found from now on. An index that is blocked to the last may refuse it; it takes no writes either, so nothing new is in it. */
export async function refreshed(client: Client, index: string | string[]): Promise<void> {
  try {
    await client.indices.refresh({ index, ignore_unavailable: true })
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure?.kind !== 'closed' && failure?.kind !== 'full') throw thrown
  }
}
