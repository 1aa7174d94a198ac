import { alternativesShape } from '../../schema/api/index.ts'
import { AnswerError, type IndexerClient, understood } from './client.ts'
import { harmless } from './terminal.ts'

interface Asked {
  readonly q: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly own: boolean
}

/** Says that nothing was found, and which command would find something. It goes to standard error: what was found is on standard output. */
export async function sayNothingFound(
  client: IndexerClient,
  command: 'search' | 'count',
  asked: Asked,
): Promise<void> {
  process.stderr.write('Nothing was found.\n')
  const near = await alternatives(client, asked)
  if (near.length === 0) return
  const width = Math.max(...near.map(({ count }) => String(count).length))
  const lines = near.map(({ q, from, to, own, difference, count }) => {
    const options = [
      ...(from === null ? [] : [`--from ${shellWord(from)}`]),
      ...(to === null ? [] : [`--to ${shellWord(to)}`]),
      ...(own ? ['--own'] : []),
    ]
    const line = ['waybill', command, ...(q === '*' ? [] : [shellWord(q)]), ...options].join(' ')
    return `  ${String(count).padStart(width)}  ${difference}\n  ${' '.repeat(width)}  ${line}`
  })
  process.stderr.write(`${harmless(['These would be found:', ...lines].join('\n'), '\n')}\n`)
}

/** An older indexer knows none. */
async function alternatives(client: IndexerClient, { q, from, to, own }: Asked) {
  try {
    const query = { q, from, to, ...(own && { own: 'true' }) }
    return understood(alternativesShape, await client.json('/v1/alternatives', { query })).alternatives
  } catch (error) {
    if (error instanceof AnswerError) return []
    throw error
  }
}

const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
