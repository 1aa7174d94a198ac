import { describe, expect, it } from 'vitest'
import { expectedOf, loadIntegration, NO_SHAPE, type Shape } from './normalise/index.ts'
import { Shapes } from './shapes.ts'

const lines = { framing: { kind: 'lines' } } as const
const shape = (records: number, lacking: Partial<Shape>): { pipeline: number; shape: Shape }[] => [
  { pipeline: 0, shape: { ...NO_SHAPE, ...lacking, records } },
]

async function shapes(integration: string, kept: Readonly<Record<string, unknown>> = {}) {
  const said: string[] = []
  const store = new Map(Object.entries(kept))
  const state = {
    get: <Value>(key: string) => store.get(key) as Value | undefined,
    write: async (changes: readonly { key: string; value: unknown }[]) => {
      for (const { key, value } of changes) store.set(key, value)
    },
  }
  const expected = expectedOf(await loadIntegration(integration), lines)
  const log = { warn: (text: string) => said.push(text), info: (text: string) => said.push(text) }
  const input = { input: '/srv/*.csv', integration, key: 'k', expected }
  const make = () => new Shapes([input], state, log)
  return { said, state, make }
}

describe('what most records of an input lack', () => {
  it('is said once when it begins, and when it is over', async () => {
    const { said, make } = await shapes('generic-csv')
    const one = make()
    one.take(shape(19, { user: 19 }))
    expect(one.notices).toEqual([])
    one.take(shape(1, { user: 1 }))
    one.take(shape(20, { user: 18 }))
    expect(one.notices).toEqual([
      { input: '/srv/*.csv', integration: 'generic-csv', lacks: 'user', records: 40, lacking: 38 },
    ])
    expect(said).toEqual([
      expect.stringMatching(/of 20 records read with generic-csv, 20 name no user\. .*columns:.*propose/),
    ])
    one.take(shape(40, {}))
    expect(one.notices).toEqual([])
    expect(said).toHaveLength(2)
  })

  it('is about what is read now, however much was read before', async () => {
    const { make } = await shapes('generic-csv')
    const one = make()
    for (let i = 0; i < 100; i++) one.take(shape(1000, {}))
    for (let i = 0; i < 4; i++) one.take(shape(1000, { time: 1000 }))
    expect(one.notices).toMatchObject([{ lacks: 'time' }])
  })

  it('is known of an agent that has stopped', async () => {
    const { state, make } = await shapes('generic-csv')
    const one = make()
    one.take(shape(30, { sense: 30 }))
    await one.keep(state)
    expect(make().notices).toMatchObject([{ lacks: 'sense', records: 30 }])
  })

  it.each([
    // Logs of a system have many lines without a user, and most entries of a journal are not events of a catalogue.
    ['journald', ['time', 'sense']],
    ['linux-auth', ['type', 'time', 'sense']],
    ['plain', ['time', 'sense']],
    ['generic-json', ['user', 'time', 'sense']],
    ['erp', ['type', 'user', 'time', 'sense']],
  ])('of %s is looked at for %j', async (integration, lacks) => {
    const { make } = await shapes(integration)
    const one = make()
    one.take(shape(50, { type: 50, user: 50, time: 50, sense: 50 }))
    expect(one.notices.map((notice) => notice.lacks)).toEqual(lacks)
  })
})
