import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mmdbOf } from '../indexer/enrich/testing/mmdb.ts'
import { DEMO_NETWORKS } from './demo-places.ts'

it('the demo’s file of places holds the networks that its people come from; if not, node test/demo-places.ts', async () => {
  const file = join(import.meta.dirname, '../demo/places.mmdb')
  expect(await readFile(file)).toEqual(mmdbOf(DEMO_NETWORKS))
})
