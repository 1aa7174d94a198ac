import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const analyze = (unit: string) => {
  const file = fileURLToPath(new URL(`systemd/${unit}`, import.meta.url))
  return spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
    encoding: 'utf8',
  })
}

const isThere = spawnSync('systemd-analyze', ['--version']).status === 0

describe('the units of systemd', () => {
  for (const unit of ['waybill-agent.service', 'waybill-indexer.service'])
    it.skipIf(!isThere)(`${unit} has an exposure score under 2.0`, () => {
      const { stdout, stderr } = analyze(unit)
      const [, score] = /Overall exposure level for .*: (\d+\.\d+)/.exec(stdout) ?? []
      expect(Number(score), stdout + stderr).toBeLessThan(2)
    })
})
