import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { System, until } from './system/system.ts'

let system: System
beforeEach(async () => {
  system = await System.make()
  mkdirSync(system.logs)
})
afterEach(async () => {
  await system.end()
})

const record = (n: number, more: object): string =>
  `${JSON.stringify({ timestamp: new Date(Date.UTC(2026, 0, 22) + n).toISOString(), event_id: `E${n}`, user: 'Jane', result: 'Success', ...more })}\n`
const view = (n: number, entity = 'Product'): string => record(n, { action: 'View', entity })
const update = (n: number): string => record(n, { action: 'Update', entity: 'Product' })
const many = (from: number, to: number, make: (n: number) => string): string =>
  Array.from({ length: to - from }, (_, i) => make(from + i)).join('')

const QUICK = 'heartbeat: 1s\nreading: { sweep: 100ms }'
const input = (): string => `  - file: { paths: ["${system.logs}/*.jsonl"], integration: erp }`
const file = (): string => system.path('logs', 'erp.jsonl')

async function put(rules: readonly object[]): Promise<string> {
  const answer = await fetch(`${system.url}/v1/settings/events`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ events: rules }),
  })
  const body = (await answer.json()) as { version: string }
  expect(answer.status, JSON.stringify(body)).toBe(200)
  return body.version
}

/** Null before the agent has its data folder. */
const status = () => system.status().catch(() => null)

async function follows(version: string): Promise<void> {
  await until(`the agent follows ${version}`, async () => (await status())?.settings.version === version)
}

/** What is in the account when nothing is pending; that it adds up is expected. */
async function account(read: number) {
  const { total } = await until(`${read} records are read and settled`, async () => {
    const now = await status()
    return now?.total.read === read && now.total.pending === 0 ? now : null
  })
  const { stored, duplicate, filtered, dead, quarantined, discarded, pending } = total
  expect(stored + duplicate + filtered + dead + quarantined + discarded + pending).toBe(read)
  return total
}

const ids = async (query: string): Promise<number[]> => {
  const found = await system.events(`${query} and source: erp`)
  const numbers = found.map((event) => /"E(\d+)"/.exec(event.event.original)?.[1])
  return numbers.map(Number).sort((a, b) => a - b)
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('event types switched centrally', () => {
  it('reach an agent with its heartbeat, and every record is accounted for across the change', async () => {
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input(), { more: QUICK })
    writeFileSync(file(), many(0, 200, view))
    system.startAgent()
    expect(await account(200)).toMatchObject({ stored: 200, filtered: 0 })

    const version = await put([
      { event: 'erp.record.viewed', record: 'off' },
      { event: 'erp.record.viewed', entity: 'Financial Record', record: 'on' },
    ])
    // Records keep coming while the settings change: each is either stored or filtered, none both and none neither.
    appendFileSync(file(), many(200, 400, view))
    await follows(version)
    appendFileSync(file(), many(400, 600, view) + many(600, 650, update))
    appendFileSync(
      file(),
      many(650, 700, (n) => view(n, 'Financial Record')),
    )
    const total = await account(700)
    expect(total.filtered).toBeGreaterThanOrEqual(200)
    expect(total.filtered).toBeLessThanOrEqual(400)
    expect(total.stored).toBe(700 - total.filtered)
    const stored = await ids('action: *')
    expect(stored).toHaveLength(total.stored)
    expect(stored.slice(-100)).toEqual(range(600, 700))

    await follows(await put([]))
    appendFileSync(file(), many(700, 750, view))
    expect(await account(750)).toMatchObject({ filtered: total.filtered, stored: total.stored + 50 })
    expect((await ids('action: *')).slice(-50)).toEqual(range(700, 750))
  })
})
