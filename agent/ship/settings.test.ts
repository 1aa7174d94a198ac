import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { EventRule } from '../../schema/index.ts'
import { type AgentSettings, readQuestion, settingsVersion } from '../../schema/wire/index.ts'
import type { Sink } from '../../test/sink/server.ts'
import { agentConfigSchema } from '../config.ts'
import { openState } from '../state/index.ts'
import type { Clock } from './clock.ts'
import { Connection, TIMEOUTS } from './connection.ts'
import { enroll } from './enroll.ts'
import { HeartbeatSender } from './heartbeat.ts'
import type { SettingsDesk } from './settings.ts'
import { drained, eventually, folder, NUMBERS, recordingLog, SOURCE_A, sink, trial } from './testing/trial.ts'

const rules: EventRule[] = [{ event: 'erp.record.viewed', record: 'off' }]
const first: AgentSettings = { version: settingsVersion(1, rules), events: rules }
const second: AgentSettings = { version: settingsVersion(2, []), events: [] }
const good = (settings: AgentSettings) => ({ status: 200, text: JSON.stringify(settings) })

/** Accepts settings, and notes failures. */
function desk() {
  const taken: AgentSettings[] = []
  const problems: string[] = []
  const central: SettingsDesk = {
    known: () => taken.at(-1)?.version ?? null,
    given: (settings) => void taken.push(settings),
    failed: (sentence) => void problems.push(sentence),
  }
  return { central, taken, problems }
}

async function beating(server: Sink, central: SettingsDesk) {
  return await trial({
    sink: server,
    shipper: { heartbeatEvery: 10, heartbeat: () => NUMBERS, central },
  })
}

describe('notices', () => {
  it('are said only to an indexer that takes them: another one would refuse the heartbeat', async () => {
    const server = await sink()
    const notices = [
      { input: '/x/*.csv', integration: 'generic-csv', lacks: 'user' as const, records: 40, lacking: 39 },
    ]
    const heartbeat = () => ({ ...NUMBERS, notices })
    await trial({ sink: server, shipper: { heartbeatEvery: 10, heartbeat, central: desk().central } })
    await eventually('some beats came', () => server.heartbeats.length >= 3)
    expect(server.heartbeats.some((beat) => 'notices' in beat)).toBe(false)
    server.takeNotices()
    await eventually('one has them', () => server.heartbeats.at(-1)?.notices !== undefined)
    expect(server.heartbeats.at(-1)?.notices).toEqual(notices)
  })
})

describe('central settings', () => {
  it('are asked for where a heartbeat names a version that is not known, and only then', async () => {
    const server = await sink()
    const { central, taken, problems } = desk()
    await beating(server, central)
    await eventually('some beats came', () => server.heartbeats.length >= 3)
    expect(server.questions).toEqual([])
    server.offer(first.version, good(first))
    await eventually('they are taken', () => taken.length === 1)
    const beats = server.heartbeats.length
    await eventually('more beats came', () => server.heartbeats.length >= beats + 3)
    server.offer(second.version, good(second))
    await eventually('they are taken', () => taken.length === 2)
    expect(taken).toEqual([first, second])
    expect(server.questions.map(({ known }) => known)).toEqual([undefined, `"${first.version}"`])
    expect(problems).toEqual([])
  })

  it('that are broken are not taken, and asked for again until they are whole', async () => {
    const server = await sink()
    const { central, taken, problems } = desk()
    await beating(server, central)
    const broken: [{ status: number; text: string }, RegExp][] = [
      [{ status: 500, text: '' }, /it answers 500/],
      [{ status: 200, text: '<html>' }, /can't be used/],
      [
        { status: 200, text: JSON.stringify({ version: first.version, events: [] }) },
        /not those of the version/,
      ],
      [
        { status: 200, text: JSON.stringify({ ...first, events: [{ ...rules[0], weekday: 'monday' }] }) },
        /can't be used \(events\.0.*weekday/,
      ],
    ]
    for (const [answer, sentence] of broken) {
      server.offer(first.version, answer)
      await eventually(`it says ${sentence}`, () => sentence.test(problems.at(-1) ?? ''))
    }
    expect(problems.at(-1)).toContain(server.url)
    expect(taken).toEqual([])
    server.offer(first.version, good(first))
    await eventually('they are taken', () => taken.length === 1)
  })

  it("are asked for by the indexer's clock, so that a wrong clock here doesn't keep them away", async () => {
    const hours = 3_600_000 * 5
    const server = await sink({ clock: () => Date.now() + hours })
    const { central, taken } = desk()
    const t = await beating(server, central)
    server.offer(first.version, good(first))
    await eventually('they are taken', () => taken.length === 1)
    const read = readQuestion(server.questions[0]?.authorization)
    expect(Math.abs((read?.question.asked ?? 0) - Date.now() - hours)).toBeLessThan(60_000)
    expect(read?.question.agent).toBe(server.heartbeats[0]?.agent)
    await t.stop()
  })

  it('that a batch was made under are named in its manifest', async () => {
    const t = await trial({ shipper: { settings: () => first.version } })
    await t.batch(SOURCE_A, 10)
    await drained(t.shipper)
    expect(t.sink.arrivals.map(({ manifest }) => manifest.settings)).toEqual([first.version])
  })

  it('are asked for within a minute of their change, if agent.yml says nothing else', async () => {
    const { heartbeat } = agentConfigSchema.parse({
      agent: { name: 'a', data: 'data' },
      indexers: ['http://127.0.0.1:8600'],
      inputs: [{ file: { paths: ['*.log'], integration: 'plain' } }],
    })
    const server = await sink()
    const dir = await folder()
    const { log } = recordingLog()
    const identity = await enroll({ url: server.url, dir, name: 'trial', host: 'trial', version: '1' })
    const state = await openState(`${dir}/state`, { log })
    const connection = new Connection(new URL(server.url), { connections: 1, timeouts: TIMEOUTS })
    const { central, taken } = desk()
    // Time advances only here, from one due call to the next.
    let time = Date.UTC(2026, 0, 22)
    const due: { at: number; call: () => void }[] = []
    const clock: Clock = {
      now: () => time,
      ticks: () => time,
      after(ms, call) {
        due.push({ at: time + ms, call })
        return () => due.splice(0)
      },
    }
    const heartbeats = new HeartbeatSender({
      state,
      connections: [connection],
      identity,
      settings: central,
      every: heartbeat,
      numbers: () => NUMBERS,
      place: () => ({ incarnation: '0'.repeat(32), sequence: 0 }),
      clock,
      log,
    })
    heartbeats.start()
    await eventually('the first beat is answered', () => due.length === 1)
    const changed = time + 1
    server.offer(first.version, good(first))
    while (taken.length === 0) {
      const next = due.shift()
      if (next === undefined) {
        await pause(5)
        continue
      }
      time = next.at
      expect(time - changed).toBeLessThan(60_000)
      next.call()
      await eventually('it is answered', () => due.length > 0)
    }
    expect(taken).toEqual([first])
    await heartbeats.close()
    await connection.close()
    await state.close()
  })
})
