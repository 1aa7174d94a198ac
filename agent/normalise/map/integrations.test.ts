import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventRule } from '../../../schema/index.ts'
import { BatchMaker } from '../batch/batch.ts'
import { INTEGRATIONS, loadIntegration } from '../integration/load.ts'
import { wholeFile } from '../task.ts'
import { PlainMapper, PlainPipeline } from '../testing/plain/index.ts'
import { setupOf, specOf, taskOf } from '../testing/setup.ts'
import { Mapper, Memory } from './index.ts'
import { Output } from './output.ts'
import { Pipeline } from './pipeline.ts'

/** The tests of `generic-json` also hold for all integrations: the mapper answers like the reference. */

const RUNS = process.env.WAYBILL_FULL === undefined ? 400 : 20_000
const NOW = Date.UTC(2026, 0, 23)

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object' && line.startsWith('{')
  } catch {
    return false
  }
}

/** JSON objects in the sample files of an integration, as lines. */
function samplesOf(name: string): string[] {
  const folder = join(INTEGRATIONS, name, 'samples')
  return readdirSync(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    if (!/\.jsonl?$/.test(file)) return []
    const lines = text.split('\n').filter(isObject)
    if (file.endsWith('.jsonl') || lines.length > 1) return lines
    const document: unknown = JSON.parse(text)
    const lists = Array.isArray(document)
      ? [document]
      : Object.values(document as object).filter(Array.isArray)
    return lists.flat().map((item) => JSON.stringify(item))
  })
}

function mapperOf(name: string, rules: readonly EventRule[]): (record: string) => Promise<boolean> {
  const memory = new Memory()
  const output = new Output(memory)
  const made = loadIntegration(name).then((integration) => {
    const spec = specOf(integration, { events: rules })
    const pipeline = new Pipeline(setupOf([spec]), spec, integration)
    const mapper = new Mapper(pipeline, memory, output)
    expect(mapper.readsBytes).toBe(true)
    return { pipeline, plain: new PlainPipeline(pipeline), mapper }
  })
  return async (record) => {
    const { pipeline, plain, mapper } = await made
    const place = pipeline.placeOf({ ...wholeFile('/var/log/x.jsonl', 0), generation: 3 }, NOW)
    output.begin()
    const bytes = Buffer.from(record)
    memory.bytes.set(bytes, memory.input)
    mapper.begin(place)
    const asBytes = mapper.takeBytes(place, memory.input, memory.input + bytes.length, 77)
    const known = asBytes === 'declined' ? pipeline.understand(place, record) : null
    const written = known === null ? asBytes : mapper.take(place, known, { flags: 0, offset: 77 })
    const expected = plain.lineOf(place, record, 0, 77)
    if (written === 'filtered' || written === 'declined')
      expect(expected).toBe(written === 'filtered' ? 'filtered' : null)
    else {
      const line = output.bytes.toString('utf8', output.first, output.at)
      expect(line).toBe(expected === null || expected === 'filtered' ? expected : `${expected.text}\n`)
    }
    return asBytes !== 'declined'
  }
}

/** Every member of any sample, with all of its values. */
function valuesByMember(samples: readonly string[]): Map<string, unknown[]> {
  const known = new Map<string, unknown[]>()
  for (const sample of samples) {
    for (const [member, value] of Object.entries(JSON.parse(sample) as object)) {
      known.set(member, [...(known.get(member) ?? []), value])
    }
  }
  return known
}

const names = readdirSync(INTEGRATIONS).filter((name) => samplesOf(name).length > 0)

describe.each(names)('%s', (name) => {
  const samples = samplesOf(name)

  it('is understood over the bytes, most of its samples', async () => {
    const holds = mapperOf(name, [])
    let taken = 0
    for (const sample of samples) if (await holds(sample)) taken++
    expect(taken / samples.length).toBeGreaterThan(0.5)
  })

  it('with rules records what the reference records', async () => {
    const holds = mapperOf(name, [
      { event: `${name}.*`, record: 'off' },
      { event: `${name}.*`, record: 'on', entity: 'Invoice' },
      { event: `${name}.*`, record: 'on', user: 'Sarah Jones' },
    ])
    for (const sample of samples) await holds(sample)
  })

  it('of members and values in any mixture', async () => {
    const holds = mapperOf(name, [])
    const known = valuesByMember(samples)
    const anyValue = fc.constantFrom(...[...known.values()].flat())
    const odd = fc.constantFrom(
      null,
      '',
      ' ',
      '{',
      '[]',
      '{"a":1}',
      'a "b"',
      5,
      true,
      [],
      {},
      ['x'],
      'A: 1 -> 2',
      'Chrome on Linux',
    )
    const member = fc
      .constantFrom(...known.keys())
      .chain((key) =>
        fc.tuple(
          fc.constant(key),
          fc.oneof(
            { weight: 12, arbitrary: fc.constantFrom(...known.get(key)!) },
            { weight: 1, arbitrary: anyValue },
            { weight: 2, arbitrary: odd },
          ),
        ),
      )
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 14 }), async (members) => {
        await holds(JSON.stringify(Object.fromEntries(members)))
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
})

describe('entries of the journal', () => {
  const entry = {
    __CURSOR: 's=1;i=2',
    __REALTIME_TIMESTAMP: '1769072401250123',
    MESSAGE: 'hello',
    _COMM: 'shop',
  }

  it.each<[string, object, boolean]>([
    ['plain ones', { ...entry, _SELINUX_CONTEXT: 'unconfined\n', CODE_LINE: '7' }, true],
    ['with a secret', { ...entry, MESSAGE: 'login with password=Geheim-7f3a' }, true],
    [
      'a message of sshd, taken apart',
      { ...entry, _COMM: 'sshd', MESSAGE: 'Invalid user x from 10.0.0.1 port 7' },
      true,
    ],
    ['a text as bytes', { ...entry, MESSAGE: [...Buffer.from('\u001b[1mtoken=Geheim-7f3a')] }, false],
    ['a field that came twice', { ...entry, CODE_FILE: ['a.c', 'b.c'] }, false],
    ['a list within an object', { ...entry, data: { list: [1, 2] } }, false],
    ["a program's word for a field of the journal that is known", { ...entry, COMM: 'sshd' }, false],
    ['and for one that is not', { ...entry, _CAP_EFFECTIVE: '0', CAP_EFFECTIVE: '1' }, false],
    ['and for one with another separator', { ...entry, _A_B: '0', 'a-b_': '1' }, false],
    ['names that only end alike', { ...entry, _A_B: '0', AA_B: '1', B: '2', __: '3', _: '4' }, true],
  ])('%s', async (_, record, isTaken) => {
    expect(await mapperOf('journald', [])(JSON.stringify(record))).toBe(isTaken)
  })
})

/** All formats of a source, as files. */
const files = readdirSync(INTEGRATIONS).flatMap((name) =>
  readdirSync(join(INTEGRATIONS, name, 'samples')).map((file) => [name, file] as const),
)

async function makersOf(name: string): Promise<(bytes: Buffer) => string[]> {
  const integration = await loadIntegration(name)
  const setup = setupOf([specOf(integration, { tags: ['prod'], timeZone: 'Europe/Berlin' })])
  const makers = [PlainMapper, Mapper].map((mapper) => new BatchMaker(setup, [integration], { mapper }))
  return (bytes) =>
    makers.map((maker) => {
      const { payload, slices } = maker.make(taskOf(bytes, { generation: 3 }))
      const lines = payload.length === 0 ? '' : zstdDecompressSync(payload).toString()
      return `${JSON.stringify(slices)}\n${lines}`
    })
}

describe('the mapper and the reference make the same batch', () => {
  it.each(files)('of %s: %s', async (name, file) => {
    const made = (await makersOf(name))(readFileSync(join(INTEGRATIONS, name, 'samples', file)))
    expect(made[1]).toBe(made[0])
  })

  it('of samples that are damaged', async () => {
    const makers = new Map<string, (bytes: Buffer) => string[]>()
    for (const [name] of files) makers.set(name, await makersOf(name))
    const damage = fc.array(
      fc.tuple(fc.nat(), fc.constantFrom(...Buffer.from('"\\{}[]:,;|=0e-. \n\x01\x7f\xc3\xa4'))),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), damage, ([name, file], place, edits) => {
        const bytes = readFileSync(join(INTEGRATIONS, name, 'samples', file))
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte
        // The range may begin and end anywhere.
        const made = makers.get(name)!(bytes.subarray(0, bytes.length - (place % 200)))
        expect(made[1]).toBe(made[0])
      }),
      { numRuns: RUNS / 4 },
    )
  }, 600_000)
})
