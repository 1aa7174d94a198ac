import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { canonical, OperatorError } from '../../schema/index.ts'
import { type Enrichment, type EnrichSettings, openEnrichment } from './enrichment.ts'
import { BERLIN, LONDON, mmdbOf } from './testing/mmdb.ts'

let folder: string
let file: string
let said: string[]
const opened: Enrichment[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-places-'))
  file = join(folder, 'city.mmdb')
  said = []
})
afterEach(async () => {
  for (const one of opened.splice(0)) one.close()
  await rm(folder, { recursive: true, force: true })
})

const geo = (path: string): EnrichSettings => ({ geo: { file: path }, 'user-agent': false, related: true })
const NOTHING: EnrichSettings = { 'user-agent': false, related: true }

async function open(settings: EnrichSettings, lookEvery = 3_600_000): Promise<Enrichment> {
  const write = (line: string): void => void said.push((JSON.parse(line) as { msg: string }).msg)
  const enrichment = await openEnrichment(settings, { log: pino({}, { write }), lookEvery })
  opened.push(enrichment)
  return enrichment
}

const cityNow = (enrichment: Enrichment): unknown =>
  (
    enrichment.additionsOf(Buffer.from(canonical({ source: { ip: '81.2.69.142' } })))?.source as
      | { geo: { city_name: string } }
      | undefined
  )?.geo.city_name

/** Replaces the file as geoipupdate does: a whole file takes the place of the one before. */
async function replace(bytes: Buffer): Promise<void> {
  await writeFile(`${file}.new`, bytes)
  await rename(`${file}.new`, file)
}

describe('the file of places', () => {
  it('that is missing is a sentence with its path and the remedy', async () => {
    const failure = open(geo(file))
    await expect(failure).rejects.toThrow(OperatorError)
    await expect(failure).rejects.toThrow(`enrich.geo.file: ${file} can't be read (ENOENT`)
  })

  it('that is a folder, empty, something else, packed or cut off is a sentence', async () => {
    await expect(open(geo(folder))).rejects.toThrow(`${folder} is not a MaxMind DB file`)
    const whole = mmdbOf({ '81.2.69.0/24': LONDON })
    for (const bytes of [
      '',
      'PK\x03\x04 something else',
      whole.subarray(0, whole.length - 200),
      whole.subarray(300),
    ]) {
      await writeFile(file, bytes)
      await expect(open(geo(file))).rejects.toThrow(`${file} is not a MaxMind DB file, or is damaged`)
    }
  })

  it('is taken up again when another takes its place', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(geo(file))
    expect(cityNow(enrichment)).toBe('London')
    await enrichment.look()
    expect(said).toEqual([])
    await replace(mmdbOf({ '81.0.0.0/8': BERLIN }))
    await enrichment.look()
    expect(cityNow(enrichment)).toBe('Berlin')
    expect(said).toEqual([`${file} was replaced; places are estimated by the new file.`])
  })

  it('is looked at from time to time by itself', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(geo(file), 5)
    await replace(mmdbOf({ '81.0.0.0/8': BERLIN }))
    await vi.waitFor(() => expect(cityNow(enrichment)).toBe('Berlin'), { timeout: 60_000, interval: 5 })
  })

  it('goes on from memory while it is away or broken, says so once, and takes up what comes then', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(geo(file))
    await rm(file)
    await enrichment.look()
    expect(said).toEqual([])
    await writeFile(file, 'half a fi')
    await enrichment.look()
    await enrichment.look()
    expect(said).toEqual([expect.stringContaining('The previous file of places stays in use')])
    expect(cityNow(enrichment)).toBe('London')
    await replace(mmdbOf({ '81.0.0.0/8': BERLIN }))
    await enrichment.look()
    expect(cityNow(enrichment)).toBe('Berlin')
  })

  it('is in memory whole: cutting it on the disk harms nobody', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(geo(file))
    await truncate(file, 10)
    expect(cityNow(enrichment)).toBe('London')
  })

  it('that is damaged inside is said once, not for each event', async () => {
    const bytes = mmdbOf({ '81.2.69.0/24': LONDON })
    bytes.fill(0xff, bytes.indexOf('London') - 1, bytes.indexOf('London') + 6)
    await writeFile(file, bytes)
    const enrichment = await open(geo(file))
    expect(cityNow(enrichment)).toBeUndefined()
    expect(enrichment.additionsOf(Buffer.from(canonical({ source: { ip: '81.2.69.7' } })))).toBeUndefined()
    expect(said).toEqual([expect.stringContaining(`${file} is damaged`)])
  })
})

describe('other settings', () => {
  it('are built first, and hold when they are put into use', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(NOTHING)
    expect(enrichment.plan).toBeNull()
    const putIntoUse = await enrichment.prepare(geo(file))
    expect(enrichment.plan).toBeNull()
    putIntoUse()
    expect(cityNow(enrichment)).toBe('London')
    ;(await enrichment.prepare(NOTHING))()
    expect(enrichment.plan).toBeNull()
  })

  it('that are wrong leave what is there', async () => {
    await writeFile(file, mmdbOf({ '81.2.69.0/24': LONDON }))
    const enrichment = await open(geo(file))
    await expect(enrichment.prepare(geo(join(folder, 'none.mmdb')))).rejects.toThrow(OperatorError)
    expect(cityNow(enrichment)).toBe('London')
  })
})
