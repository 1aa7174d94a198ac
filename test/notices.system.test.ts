import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kill, System, until } from './system/system.ts'

let system: System
beforeEach(async () => {
  system = await System.make()
  mkdirSync(system.logs)
})
afterEach(() => system.end())

const row = (i: number): string => `2026-01-22 10:45:${String(i % 60).padStart(2, '0')};person-${i};opened\n`

describe('columns that nobody knows', () => {
  it('are noticed by the agent, its commands, the indexer and its trail; and named by the operator they are known', async () => {
    const file = system.path('logs/export.csv')
    writeFileSync(
      file,
      `Zeitpunkt;Sachbearbeitung;Aktion\n${Array.from({ length: 40 }, (_, i) => row(i)).join('')}`,
    )
    const input = (columns: string): string =>
      `  - file: { paths: [${file}], integration: generic-csv${columns} }`
    system.startIndexer()
    await system.ready()
    system.writeAgentConfig(input(''), { more: 'heartbeat: 1s' })

    const checked = await system.command(['@bin/waybill-agent.js', 'check', '--config', 'agent.yml'])
    expect(checked.stdout).toMatch(
      /NOTICE .*export\.csv: of 40 records read with generic-csv, 40 name no user/,
    )
    expect(checked.code).toBe(0)

    const agent = system.startAgent()
    const told = await until(
      'the trail has it',
      async () => (await system.events('event.action: agent-notice'))[0],
    )
    expect(told.message).toMatch(/^Agent agent: .*export\.csv: of 40 records .* 40 name no user/)
    expect(system.output('agent')).toMatch(/of 40 records read with generic-csv, 40 name no user/)
    const agents = await system.command(['@bin/waybill.js', 'agents', '--url', system.url])
    expect(agents.stdout).toMatch(/40 name no user/)
    const status = ['@bin/waybill-agent.js', 'status', '--config', 'agent.yml']
    expect((await system.command(status)).stdout).toMatch(/NOTICE: .*40 name no user/)

    await kill(agent, 'SIGTERM')
    expect((await system.command(status)).stdout).toMatch(/NOTICE: .*40 name no user/)
    system.writeAgentConfig(input(', columns: { user.name: Sachbearbeitung }'))
    appendFileSync(file, Array.from({ length: 30 }, (_, i) => row(i + 40)).join(''))
    const ran = await system.command(['@bin/waybill-agent.js', 'run', '--config', 'agent.yml', '--once'])
    expect(ran.stdout).toMatch(
      /This run: 30 records read from 1 files: 30 stored.*\nSince the first run of this agent: 70 records read: 70 stored/,
    )
    expect((await system.command(status)).stdout).not.toMatch(/NOTICE/)
    expect(await system.events('user.name: person-69')).toHaveLength(1)
    expect(await system.events('event.action: agent-notice')).toHaveLength(1)
  })
})
