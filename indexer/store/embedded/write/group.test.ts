import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { batchOf, eventAt, temporaryFolders } from '../../testing/batches.ts'
import { withDefaults } from '../disk/index.ts'
import { StoreWriter } from './index.ts'

const folders = temporaryFolders()
let writer: StoreWriter | null = null
afterEach(() => {
  writer?.close()
  folders.remove()
})

it('of two waybills of one number in a group the first is stored and the other a fork; the same one twice is stored once', () => {
  const path = folders.make()
  mkdirSync(join(path, 'partitions'))
  writer = new StoreWriter({ path, searchable: withDefaults({}), minimumFree: 0 })
  const first = batchOf(1, [eventAt(0), eventAt(1)])
  const group = writer.group()
  for (const batch of [first, batchOf(1, [eventAt(2)]), first]) group.add(batch)
  const [stored, fork, again] = group.store()
  expect(stored).toMatchObject({ kind: 'stored', again: false, result: { stored: 2, duplicate: 0 } })
  expect(fork).toEqual({ kind: 'fork', hash: first.hash })
  expect(again).toMatchObject({ kind: 'stored', again: true, result: { stored: 2, duplicate: 0 } })
})
