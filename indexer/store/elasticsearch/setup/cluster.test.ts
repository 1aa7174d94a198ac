import { expect, it } from 'vitest'
import { type ClusterFacts, consequences, demandFit, whyNoWatcher } from './cluster.ts'

const cluster = (more: Partial<ClusterFacts> = {}): ClusterFacts => ({
  name: 'audit',
  version: '9.2.0',
  distribution: 'elasticsearch',
  serverless: false,
  ilm: true,
  watcher: true,
  security: true,
  license: { type: 'platinum', active: true },
  matchOnlyText: true,
  ...more,
})

it('clusters that Waybill can not run on are refused in a sentence that says what to do', () => {
  for (const version of ['8.0.0', '8.3.3', '9.5.1'])
    expect(() => demandFit(cluster({ version }))).not.toThrow()
  expect(() => demandFit(cluster({ version: '7.17.9' }))).toThrow(
    'audit is Elasticsearch 7.17.9: Waybill works with 8 and 9. Upgrade the cluster.',
  )
  expect(() => demandFit(cluster({ version: '10.0.0' }))).toThrow('Use a newer Waybill.')
  expect(() => demandFit(cluster({ distribution: 'opensearch', version: '3.1.0' }))).toThrow(
    'audit is opensearch 3.1.0',
  )
  expect(() => demandFit(cluster({ serverless: true }))).toThrow('serverless')
})

it('what a cluster lacks is said with what follows from it', () => {
  expect(consequences(cluster())).toEqual([])
  expect(consequences(cluster({ ilm: false })).join()).toMatch(/Waybill itself rolls indices over/)
  expect(consequences(cluster({ security: false })).join()).toMatch(/Security is off in the cluster/)
  expect(consequences(cluster({ license: { type: 'basic', active: true } }))).toEqual([
    'Watcher needs a paid or trial licence, and the licence is basic: nothing runs the alert rules. `waybill rules backtest --from -1d` shows what they would have found.',
  ])
})

it('watches run only where there is Watcher, with a licence for it that has not expired', () => {
  expect(whyNoWatcher(cluster())).toBeNull()
  expect(whyNoWatcher(cluster({ watcher: false, license: null }))).toBe('The cluster has no Watcher')
  expect(whyNoWatcher(cluster({ license: { type: 'trial', active: false } }))).toMatch(/trial\) has expired/)
})
