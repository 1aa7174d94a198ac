import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { batchOf, eventAt, temporaryFolders } from '../../testing/batches.ts'
import { openDatabase } from '../disk/database.ts'
import { openEmbeddedStore } from '../index.ts'
import { aggregate } from './aggregate/index.ts'
import { newShared, PartitionView } from './view.ts'

const folders = temporaryFolders()
afterAll(() => folders.remove())

test('a partition that has let go of its segments’ bytes answers as before', async () => {
  const path = folders.make()
  const store = await openEmbeddedStore({ path })
  const users = ['anna', 'bob', 'anna', 'carl']
  await store.write(
    batchOf(
      1,
      users.map((name, i) => eventAt(i, { user: { name }, audit: { category: 'change', record_count: i } })),
    ),
  )
  await store.close()
  const folder = join(path, 'partitions')
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.db'))
  const name = file.slice(0, -3)
  const view = new PartitionView(
    { name, generation: 0 },
    folder,
    openDatabase(join(folder, file), { cache: 512, readOnly: true }),
    newShared(),
  )
  const row = {
    name,
    category: 'change' as const,
    events: 4,
    least: 0,
    greatest: Number.MAX_SAFE_INTEGER,
    generation: 0,
  }
  const answer = () =>
    aggregate(
      {
        query: { kind: 'range', field: 'audit.record_count', gte: 1 },
        by: [{ kind: 'values', field: 'user.name', top: 5 }],
        sums: ['audit.record_count'],
        latest: true,
      },
      { partitions: [row], view: () => view, now: () => 0, demandWanted: () => {} },
    )
  try {
    const before = answer()
    expect(before).toMatchObject({ count: 3, sums: { 'audit.record_count': { sum: 6 } } })
    expect(view.memory).toBeGreaterThan(0)
    view.relax()
    expect(view.memory).toBe(0)
    expect(answer()).toEqual(before)
  } finally {
    view.close()
  }
})
