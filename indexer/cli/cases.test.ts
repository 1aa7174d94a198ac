import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../test/system/system.ts'
import { bytesOf } from '../reports/writers/testing/read-zip.ts'
import { waybill } from './testing/command.ts'
import { startWithAgent } from './testing/indexer.ts'

let world: Awaited<ReturnType<typeof startWithAgent>>
let folder: string
const EVENT = `${'c'.repeat(39)}1`
const cases = (...args: string[]) =>
  waybill(['cases', ...args, '--url', world.indexer.url], { COLUMNS: '240' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-cases-'))
  world = await startWithAgent({}, {})
  await world.store({
    '@timestamp': '2026-02-03T10:00:00.000Z',
    event: { id: EVENT, action: 'Export', outcome: 'success' },
    user: { name: 'jane' },
    message: 'exported 5,000 customers',
  })
})
afterAll(async () => {
  await world.indexer.end()
  await rm(folder, { recursive: true, force: true })
})

describe('waybill cases', () => {
  test('gathers events and notes, and lists and shows what there is', async () => {
    const id = /^([0-9a-f]{16}): the case "Customers" was opened\.$/m.exec(
      (await cases('add', 'Customers')).out,
    )?.[1]
    expect(id).toBeDefined()
    expect((await cases('list')).out).toMatch(new RegExp(`${id}.*open.*no +0 +Customers`))
    expect(await cases('pin', id!, '--event', EVENT, '--note', 'the export')).toMatchObject({
      code: 0,
      out: expect.stringContaining('has one pin more'),
    })
    expect((await cases('pin', id!, '--note', 'Jane left in March')).code).toBe(0)
    expect((await cases('pin', id!, '--search', 'user: jane', '--name', 'All of Jane')).code).toBe(0)
    const { out } = await cases('show', id!)
    expect(out).toMatch(/event c+1 .*jane Export exported 5,000 customers \(the export\)/)
    expect(out).toContain('note Jane left in March')
    expect(out).toContain('search "All of Jane" ?q=user%3A+jane')
    expect((await cases('show', 'none')).code).toBe(4)
    expect((await cases('pin', id!)).code).toBe(2)
  })

  test('exports a bundle that others verify with the keys alone', { timeout: 120_000 }, async () => {
    const { id } = JSON.parse((await cases('add', 'Sealed', '--about', 'Who has it?', '--json')).out) as {
      id: string
    }
    await cases('pin', id, '--event', EVENT, '--note', 'the export')
    await cases('pin', id, '--note', 'Jane left in March')
    const zip = join(folder, 'case.zip')
    const parts = await until('the log has the waybill of the event', async () => {
      expect((await cases('export', id, '-o', zip, '--zone', 'Europe/Berlin')).code).toBe(0)
      const found = bytesOf(await readFile(zip))
      return found.has(`proofs/${EVENT}.proof.json`) ? found : null
    })
    expect([...parts.keys()]).toEqual([
      'README.md',
      'report.pdf',
      'report.html',
      'report.html.proof.json',
      'events.ndjson',
      'events.ndjson.proof.json',
      'notes.md',
      'case.json',
      `proofs/${EVENT}.proof.json`,
    ])
    for (const [name, bytes] of parts) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), bytes)
    }
    const policy = await waybill(['verify', 'policy', '--url', world.indexer.url], {})
    await writeFile(join(folder, 'trusted.yml'), policy.out)
    const verify = (...args: string[]) =>
      waybill(['verify', ...args, '--policy', join(folder, 'trusted.yml')], {})
    for (const name of ['report.pdf', 'report.html', 'events.ndjson'])
      expect(await verify(join(folder, name)), name).toMatchObject({ code: 0 })
    const proof = join(folder, 'proofs', `${EVENT}.proof.json`)
    expect(await verify('--proof', proof)).toMatchObject({ code: 0 })

    const html = parts.get('report.html')!.toString()
    for (const text of ['Case: Sealed', 'Who has it?', 'Jane left in March', 'exported 5,000 customers'])
      expect(html, text).toContain(text)
    expect(parts.get('notes.md')!.toString()).toMatch(/About the event c+1\n\n.*\n\nthe export/)
    // The report names the hash of each file, so a file that somebody changes differs from what was sealed.
    const changed = parts.get('events.ndjson')!.toString().replace('jane', 'john')
    await writeFile(join(folder, 'events.ndjson'), changed)
    expect((await verify(join(folder, 'events.ndjson'))).code).not.toBe(0)
  })
})
