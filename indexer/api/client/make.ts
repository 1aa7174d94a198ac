import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import * as z from 'zod'
import { indexerConfigSchema } from '../../config.ts'
import { startIndexer } from '../../server.ts'
import { clientOf } from './client.ts'

/** `npm run client` writes this file from what an indexer of this source publishes. */
export const CLIENT = join(import.meta.dirname, '../../../dashboards/console/src/api/client.ts')
const BIOME = join(import.meta.dirname, '../../../node_modules/.bin/biome')

/** The client as it should be, formatted like other files. */
export async function currentClient(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-client-'))
  const store = { embedded: { path: join(folder, 'store') } }
  const config = indexerConfigSchema.parse({ listen: 'http://127.0.0.1:0', store })
  const indexer = await startIndexer(config, { log: pino({ enabled: false }) })
  try {
    const answer = await fetch(`${indexer.url}/v1/openapi.json`)
    const document = z.record(z.string(), z.unknown()).parse(await answer.json())
    return execFileSync(BIOME, ['format', '--stdin-file-path=client.ts'], {
      input: clientOf(document),
      encoding: 'utf8',
      cwd: import.meta.dirname,
    })
  } finally {
    await indexer.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) writeFileSync(CLIENT, await currentClient())
