import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { TestIndexer } from './ingest/testing.ts'

let indexer: TestIndexer
afterEach(() => indexer?.end())

const warnings = () => indexer.log.filter(({ level }) => level === 40).map(({ msg }) => msg)
const figure = async () => /^waybill_exposures (\d+)/m.exec((await indexer.ask('/metrics')).text)?.[1]

describe('an indexer', () => {
  it('that runs as a user of its own, on a folder of its own, warns of nothing', async () => {
    indexer = await TestIndexer.start({}, { uid: () => 1000 })
    expect(warnings()).toEqual([])
    expect(await figure()).toBe('0')
  })

  it.skipIf(process.platform === 'win32')(
    'warns when it runs as root, and when others can look into its folder, with the remedy',
    async () => {
      indexer = await TestIndexer.start({}, { uid: () => 0 })
      await indexer.stop()
      const folder = join(indexer.folder, 'store')
      await chmod(folder, 0o750)
      await indexer.run({}, { uid: () => 0 })
      expect(warnings()).toContain(
        'The indexer runs as root, so a vulnerability in it would expose the whole machine: run it as a user of its own, as config/systemd/waybill-indexer.service does.',
      )
      expect(warnings()).toContain(
        `The data folder ${folder} is accessible to other users of this machine (mode 750): chmod 700 ${folder}`,
      )
      expect(await figure()).toBe('2')
    },
  )
})
