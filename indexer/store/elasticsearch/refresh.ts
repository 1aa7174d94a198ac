import type { Client } from '@elastic/elasticsearch'
import { failureOfThrown } from './failures.ts'

/**
 * Makes everything written so far searchable. A fully blocked index may refuse that; it takes no writes either, so nothing new is in it.
 */
export async function refreshed(client: Client, index: string | string[]): Promise<void> {
  try {
    await client.indices.refresh({ index, ignore_unavailable: true })
  } catch (thrown) {
    const failure = failureOfThrown(thrown)
    if (failure?.kind !== 'closed' && failure?.kind !== 'full') throw thrown
  }
}
