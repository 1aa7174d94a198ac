import { describe, expect, it } from 'vitest'
import { destinationsOf, nextTime, onCall } from './routing.ts'
import { settingsOf } from './testing/world.ts'

const BERLIN = 'Europe/Berlin'
const at = (time: string): number => Date.parse(time)
const about = (priority: 'low' | 'medium' | 'high' | 'critical', rule = 'mass-export') => ({
  priority,
  rule: { id: rule, name: rule, author: null },
  occasion: 'opened' as const,
})
const HOOK = 'https://hooks.example/T1'
const mail = { host: 'mail.example', from: 'waybill@acme.example' }

describe('a target takes part', () => {
  const settings = settingsOf({
    mail,
    channels: {
      security: {
        to: [
          { email: ['soc@acme.example', 'duty@acme.example'] },
          { slack: HOOK, when: { priority: 'high' } },
          { slack: HOOK, when: { rules: ['mass-export'] } },
          { teams: HOOK, when: { from: '08:00', to: '18:00', days: ['monday', 'friday'] } },
        ],
      },
    },
  })
  const reached = (content: ReturnType<typeof about>, time: string): string[] =>
    destinationsOf('security', content, settings, at(time), BERLIN).map(({ target, to }) =>
      `${target} ${to}`.trim(),
    )

  it('by priority, rule, day and hour of the organisation', () => {
    // A Thursday.
    expect(reached(about('low', 'other'), '2026-01-22T10:00:00Z')).toEqual([
      'email soc@acme.example',
      'email duty@acme.example',
    ])
    expect(reached(about('high', 'other'), '2026-01-22T10:00:00Z')).toContain('slack')
    expect(reached(about('low'), '2026-01-22T10:00:00Z')).toContain('slack-2')
    // 08:00 in Berlin is 07:00 UTC in winter, and 06:00 UTC in summer.
    expect(reached(about('low'), '2026-01-23T07:00:00Z')).toContain('teams')
    expect(reached(about('low'), '2026-01-23T06:59:59Z')).not.toContain('teams')
    expect(reached(about('low'), '2026-07-24T06:00:00Z')).toContain('teams')
    expect(reached(about('low'), '2026-01-23T17:00:00Z')).not.toContain('teams')
  })

  it('of no channel that is not there', () => {
    expect(destinationsOf('nobody', about('critical'), settings, 0, BERLIN)).toEqual([])
  })
})

describe('a rota', () => {
  const settings = settingsOf({
    mail,
    channels: {
      duty: { to: [{ 'on-call': 'duty' }] },
      jane: { to: [{ email: ['jane@acme.example'] }] },
      mike: { to: [{ email: ['mike@acme.example'] }] },
      ann: { to: [{ email: ['ann@acme.example'] }] },
    },
    rotas: {
      duty: {
        start: '2026-03-23 08:00',
        people: ['jane', 'mike'],
        overrides: [
          { from: '2026-03-24 12:00', to: '2026-03-25 12:00', person: 'ann' },
          { from: '2026-03-25 00:00', to: '2026-03-25 12:00', person: 'mike' },
        ],
      },
    },
  })
  const rota = settings.rotas.duty!
  const there = (local: string): number =>
    Temporal.PlainDateTime.from(local).toZonedDateTime(BERLIN).epochMilliseconds

  it.each([
    ['2026-03-23T08:00', 'jane'],
    ['2026-03-23T07:59', 'mike'],
    // The clock changes on 2026-03-29: the week still ends on Monday at eight.
    ['2026-03-30T07:59:59', 'jane'],
    ['2026-03-30T08:00', 'mike'],
    ['2026-04-06T08:00', 'jane'],
    ['2026-10-26T07:59', 'jane'],
    ['2026-10-26T08:00', 'mike'],
  ])('names at %s %s', (local, person) => {
    expect(onCall(rota, there(local), BERLIN)).toBe(person)
  })

  it.each([
    ['2026-03-24T11:59', 'jane'],
    ['2026-03-24T12:00', 'ann'],
    ['2026-03-25T00:00', 'mike'],
    ['2026-03-25T12:00', 'jane'],
  ])('obeys its overrides, the last first: at %s %s', (local, person) => {
    expect(onCall(rota, there(local), BERLIN)).toBe(person)
  })

  it('leads to the targets of the person', () => {
    expect(destinationsOf('duty', about('high'), settings, there('2026-03-23T09:00'), BERLIN)).toEqual([
      { channel: 'jane', target: 'email', kind: 'email', to: 'jane@acme.example', heldUntil: null },
    ])
  })
})

describe('less serious messages are held back', () => {
  const settings = settingsOf({
    mail,
    channels: {
      quiet: { to: [{ slack: HOOK }], quiet: { from: '22:00', to: '07:00', below: 'high' } },
      weekend: {
        to: [{ slack: HOOK }],
        quiet: { from: '00:00', to: '24:00', days: ['saturday', 'sunday'], below: 'critical' },
      },
      daily: { to: [{ slack: HOOK }], digest: { at: '08:00', days: ['monday', 'tuesday'], below: 'medium' } },
    },
  })
  const until = (channel: string, content: ReturnType<typeof about>, time: string): string | null => {
    const held = destinationsOf(channel, content, settings, at(time), BERLIN)[0]?.heldUntil ?? null
    return held === null ? null : new Date(held).toISOString()
  }

  it('in quiet hours until these end, also over a change of the clock', () => {
    expect(until('quiet', about('medium'), '2026-01-22T21:00:00Z')).toBe('2026-01-23T06:00:00.000Z')
    expect(until('quiet', about('medium'), '2026-01-23T05:59:59Z')).toBe('2026-01-23T06:00:00.000Z')
    expect(until('quiet', about('medium'), '2026-01-23T06:00:00Z')).toBeNull()
    expect(until('quiet', about('medium'), '2026-03-28T22:00:00Z')).toBe('2026-03-29T05:00:00.000Z')
    expect(until('quiet', about('high'), '2026-01-22T23:00:00Z')).toBeNull()
  })

  it('over a whole weekend', () => {
    expect(until('weekend', about('high'), '2026-01-24T10:00:00Z')).toBe('2026-01-25T23:00:00.000Z')
    expect(until('weekend', about('high'), '2026-01-23T10:00:00Z')).toBeNull()
  })

  it('for a digest until its next day and hour', () => {
    expect(until('daily', about('low'), '2026-01-22T10:00:00Z')).toBe('2026-01-26T07:00:00.000Z')
    expect(until('daily', about('medium'), '2026-01-22T10:00:00Z')).toBeNull()
  })

  it('never for a test or an escalation', () => {
    for (const occasion of ['test', 'escalation'] as const) {
      const [one] = destinationsOf(
        'quiet',
        { ...about('low'), occasion },
        settings,
        at('2026-01-22T23:00:00Z'),
        BERLIN,
      )
      expect(one?.heldUntil).toBeNull()
    }
  })
})

describe('the next time of a clock', () => {
  it('is the moment after an hour that a change of the clock skips', () => {
    const next = nextTime(2 * 60 + 30, ['sunday'], at('2026-03-28T12:00:00Z'), BERLIN)
    expect(new Date(next).toISOString()).toBe('2026-03-29T01:30:00.000Z')
  })
})
