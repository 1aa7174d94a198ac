import { CATEGORIES } from '../../../schema/index.ts'
import { connect } from './client.ts'
import { namesFor } from './names.ts'
import type { ElasticsearchStoreOptions } from './store.ts'

/** Removes everything of a namespace: its indices, templates and policies. For restores, which have one of their own. */
export async function removeNamespace(options: ElasticsearchStoreOptions): Promise<void> {
  const client = connect(options)
  const names = namesFor(options.namespace)
  try {
    const of = [
      ...CATEGORIES.map(names.family),
      names.waybills,
      names.deadLetters,
      names.records,
      names.agents,
      names.alerts,
    ]
    const found = await client.indices.get({ index: of, ignore_unavailable: true, expand_wildcards: 'all' })
    // By their names: a cluster may refuse to delete by a pattern.
    const indices = Object.keys(found)
    if (indices.length > 0) await client.indices.delete({ index: indices })
    const pattern = names.template('*')
    await client.indices.deleteIndexTemplate({ name: pattern }, { ignore: [404] })
    await client.cluster.deleteComponentTemplate({ name: pattern }, { ignore: [404] })
    for (const category of CATEGORIES)
      await client.ilm.deleteLifecycle({ name: names.policy(category) }, { ignore: [404, 400, 405] })
  } finally {
    await client.close()
  }
}
