import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { agentsShape, mintedTokenShape } from '../../schema/api/index.ts'
import type { Ledger } from '../../schema/wire/index.ts'

/** What a fleet asks an indexer that is open on loopback. */
async function answerOf(url: string, path: string, options: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url + path, options)
  if (!answer.ok) throw new Error(`${url}${path} answers ${answer.status}: ${await answer.text()}`)
  return answer
}

export async function mintedToken(url: string, uses: number): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ uses })
  const answer = await answerOf(url, '/v1/agents/tokens', { method: 'POST', headers, body })
  return mintedTokenShape.parse(await answer.json()).token
}

/** The agents that an indexer knows, with the ledger of the last heartbeat that it got. */
export async function agentsAt(
  url: string,
): Promise<{ readonly id: string; readonly lastSeen: number | null; readonly ledger: Ledger | null }[]> {
  const answer = await answerOf(url, '/v1/agents')
  return agentsShape.parse(await answer.json()).agents
}

/** The ids of all events that a query finds, as often as it finds them. */
export async function storedIds(url: string, query: string): Promise<string[]> {
  const headers = { accept: 'application/x-ndjson' }
  const { body } = await answerOf(url, `/v1/search?q=${encodeURIComponent(query)}`, { headers })
  if (body === null) throw new Error('an export without a body')
  const ids: string[] = []
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) {
    if (line === '') continue
    const { event } = JSON.parse(line) as { event: { id: string } }
    ids.push(event.id)
  }
  return ids
}
