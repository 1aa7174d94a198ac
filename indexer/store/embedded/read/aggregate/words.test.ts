import { afterAll, expect, it } from 'vitest'
import { parseQuery } from '../../../../query/index.ts'
import { openEmbeddedStore } from '../../../index.ts'
import { batchOf, eventAt, temporaryFolders } from '../../../testing/batches.ts'
import { everything } from '../../../testing/reference.ts'
import { wordKey } from '../../index/terms.ts'

const folders = temporaryFolders()
afterAll(() => folders.remove())

/** Two words that the index takes for one, as somebody finds them who looks for some. */
const [ASKED, FORGED] = ['faizuzskkyea', 'faivzuczgyvu']

it('a word that was made to meet another in the index is counted with it, but never found for it, and hides nothing', async () => {
  expect(wordKey(ASKED)).toBe(wordKey(FORGED))
  const store = await openEmbeddedStore({ path: folders.make() })
  try {
    const events = [ASKED, FORGED, FORGED, 'plain'].map((message, number) => eventAt(number, { message }))
    expect(await store.write(batchOf(1, events))).toMatchObject({ kind: 'stored' })
    for (const [word, own] of [
      [ASKED, 1],
      [FORGED, 2],
      ['plain', 1],
    ] as const) {
      const query = parseQuery(word, { now: 0 })
      const found = await everything(store, { query, order: 'newest', limit: 10 })
      expect(found.map(({ message }) => message)).toEqual(Array.from({ length: own }, () => word))
      expect((await store.aggregate({ query, by: [] })).count).toBe(word === 'plain' ? 1 : 3)
    }
  } finally {
    await store.close()
  }
})
