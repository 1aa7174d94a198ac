import { mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { kill, System, until } from './system/system.ts'

const RULE = `name: Three updates
about: A user updates three times
query: "action: update"
group-by: [user.name]
condition: { count: { at-least: 3, within: 1h } }
priority: high
channels: [in-app]
message: "{user.name} updated {count} times"
throttle: 2h
response: Ask them.
`
const KILLS = process.env.WAYBILL_FULL === undefined ? 6 : 40
const USERS = 20 * KILLS
const START = Date.now() - 1_800_000

let system: System | undefined
afterEach(() => system?.end())

const line = (user: number, i: number): string =>
  `${JSON.stringify({ time: new Date(START + user * 1000 + i).toISOString(), user: `user-${user}`, action: 'update', message: `${user} ${i}` })}\n`

test(`${KILLS} times kill -9 of the indexer while rules fire: each alert exists once, and is in the trail once`, {
  timeout: 120_000 + KILLS * 20_000,
}, async () => {
  system = await System.make()
  mkdirSync(system.logs)
  mkdirSync(system.path('rules'))
  writeFileSync(system.path('rules', 'three-updates.yml'), RULE)
  const rules = `rules: ${system.path('rules')}\n`
  let indexer = system.startIndexer(rules)
  await system.ready()
  system.writeAgentConfig(`  - file: { paths: ["${system.logs}/*.jsonl"], integration: generic-json }`)
  system.startAgent()
  const alerts = async () => {
    const answer = await fetch(`${system!.url}/v1/alerts?state=any&limit=1000`)
    return ((await answer.json()) as { alerts: { id: string; count: number; message: string }[] }).alerts
  }
  for (let round = 0; round < KILLS; round++) {
    const users = Array.from({ length: 20 }, (_, i) => round * 20 + i)
    // In three portions, so that windows are open when the process dies.
    for (let i = 0; i < 3; i++) {
      const text = users.map((user) => line(user, i)).join('')
      writeFileSync(system.path('logs', 'app.jsonl'), text, { flag: 'a' })
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    const before = round * 20
    // Each time at another moment of the work: none of its alerts is there, some, or all.
    await until('some of its alerts', async () => (await alerts()).length > before + ((round * 7) % 20) - 1)
    await kill(indexer, 'SIGKILL')
    indexer = system.startIndexer(rules)
    await system.ready()
  }
  const found = await until('all alerts', async () => {
    const all = await alerts()
    return all.length >= USERS && all.every(({ count }) => count === 3) ? all : null
  })
  expect(found).toHaveLength(USERS)
  expect(new Set(found.map(({ message }) => message)).size).toBe(USERS)
  const told = await until('all are in the trail', async () => {
    const events = await system!.events('source: waybill and action: alert')
    return events.length >= USERS ? events : null
  })
  const ids = told.map(({ audit }) => (audit as unknown as { entity: { id: string } }).entity.id)
  expect(ids.toSorted()).toEqual(found.map(({ id }) => id).toSorted())
})
