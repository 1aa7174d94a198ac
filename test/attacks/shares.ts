import { request } from 'undici'
import { expect } from 'vitest'
import { PASSWORD, Person } from '../../indexer/api/testing/people.ts'
import { until } from '../../indexer/ingest/testing.ts'
import type { Attack, AttackGround } from './attack.ts'

/** Fair shares: attacks of users who ask too much, and of people who guess. */

let made = 0

/** A user with a password of their own, signed in. */
async function viewer(ground: AttackGround): Promise<{ name: string; person: Person }> {
  const name = `attacked-${++made}`
  const headers = await ground.operator()
  const { json } = await ground.ask('/v1/users', { headers, json: { name, role: 'viewer' } })
  const person = new Person(ground)
  await person.signIn(name, String(json.password))
  const { status, text } = await person.step('/v1/session/password', { password: PASSWORD })
  if (status !== 200) throw new Error(`${name}: ${text}`)
  return { name, person }
}

const WORDS = 'invoice payment order refund export login limit approve'.split(' ')
/** A slow query: each condition must be looked up in each event, and none matches. */
const HOSTILE = WORDS.flatMap((one) => WORDS.map((other) => `message: "${one} nothing ${other}"`)).join(
  ' or ',
)

/** Events that a hostile count takes long for; the query that finds them. */
async function manyEvents(ground: AttackGround): Promise<string> {
  const agent = await ground.agent()
  const message = `${[...WORDS, 'nothing'].join(' ')} `.repeat(12)
  for (let i = 0; i < 5; i++) {
    const events = Array.from({ length: 2000 }, () => agent.event({ message }))
    // Its quota slows the agent down; what is refused for a while comes again.
    const sealed = agent.seal(events)
    await until(
      async () => (await agent.send(ground.url, sealed)).status,
      (status) => status === 200,
    )
  }
  return `agent.id: ${agent.id}`
}

async function count(ground: AttackGround, { cookie, csrf }: Person, q: string, signal?: AbortSignal) {
  const { statusCode, headers, body } = await request(`${ground.url}/v1/aggregate`, {
    method: 'POST',
    headers: { cookie, 'x-waybill-csrf': csrf, 'content-type': 'application/json' },
    body: JSON.stringify({ q, budget: 30_000 }),
    ...(signal && { signal }),
  })
  return { status: statusCode, headers, json: (await body.json()) as { count: number; detail?: string } }
}

const guessed = (ground: AttackGround, name: string, address: string, password = 'a wrong one') =>
  new Person(ground, address).signIn(name, password)

export const SHARES: readonly Attack[] = [
  {
    name: 'a viewer asks six hostile counts, then a hundred more, and goes away',
    async run(ground) {
      const mine = await manyEvents(ground)
      const [{ person: attacker }, { person: other }] = [await viewer(ground), await viewer(ground)]
      const gone = new AbortController()
      const answered: number[] = []
      const hostile = Array.from({ length: 106 }, () =>
        count(ground, attacker, HOSTILE, gone.signal).then(
          ({ status, headers }) => {
            answered.push(status)
            return { status, retry: headers['retry-after'] }
          },
          () => null,
        ),
      )
      expect((await count(ground, other, mine)).json.count).toBe(10_000)
      // One runs and a hundred wait; the others were refused, and none was answered before the other user.
      await until(
        async () => answered.length,
        (refused) => refused === 5,
      )
      expect(answered).toEqual(Array(5).fill(429))
      gone.abort()
      expect((await Promise.all(hostile)).filter((one) => one !== null)).toEqual(
        Array(5).fill({ status: 429, retry: '5' }),
      )
      // Were they still counted, this would come after all of them.
      expect((await count(ground, attacker, mine)).json.count).toBe(10_000)
    },
  },
  {
    name: 'an address brings wrong tokens, so that right ones from there are refused',
    async run(ground) {
      const { person } = await viewer(ground)
      const token = await person.step('/v1/tokens', { name: 'mine', scopes: ['search'] })
      const from = { 'x-forwarded-for': '203.0.113.20' }
      let status = 401
      for (let i = 0; i < 20 && status === 401; i++)
        status = (await ground.ask('/v1/users', { headers: { ...from, authorization: `Bearer wrong-${i}` } }))
          .status
      expect(status).toBe(429)
      const headers = { ...from, authorization: `Bearer ${token.json.token}` }
      expect((await ground.ask('/v1/search', { headers })).status).toBe(200)
    },
  },
  {
    name: 'a password is guessed from many addresses, and its owner locked out by it',
    async run(ground) {
      const { name, person } = await viewer(ground)
      // Each pause counts from the beginning of a guess and is twice as long as the one before: on a slow machine the first ones pass in
      // the meantime.
      const answers: number[] = []
      while (answers.at(-1) !== 429 && answers.length < 12)
        answers.push((await guessed(ground, name, `203.0.113.${30 + answers.length}`)).status)
      expect(answers.at(-1)).toBe(429)
      expect(answers.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 401))
      const right = await guessed(ground, name, '203.0.113.60', PASSWORD)
      expect(right.status).toBe(429)
      expect(Number(right.headers['retry-after'])).toBeGreaterThan(0)
      expect((await new Person(ground).signIn(name)).status).toBe(200)
      expect((await person.step('/v1/session/second-factor/offer', { password: PASSWORD })).status).toBe(200)
    },
  },
  {
    name: 'a client claims to come from another address',
    async run(ground) {
      const { name } = await viewer(ground)
      const claimed = new Person(ground, '192.0.2.1, 203.0.113.50')
      await claimed.signIn(name)
      const { json } = await claimed.ask('/v1/sessions')
      const addresses = (json.sessions as { address: string }[]).map(({ address }) => address)
      expect(new Set(addresses)).toEqual(new Set(['127.0.0.1', '203.0.113.50']))
    },
  },
  {
    name: 'an intruder stays, by a session and a token, when the password is reset',
    async run(ground) {
      const { name, person } = await viewer(ground)
      const token = await person.step('/v1/tokens', { name: 'left behind', scopes: ['search'] })
      const headers = await ground.operator()
      await ground.ask(`/v1/users/${name}/reset`, { headers, json: { tokens: 'revoke' } })
      expect(await person.status('/v1/sessions')).toBe(401)
      const bearer = { authorization: `Bearer ${token.json.token}` }
      expect((await ground.ask('/v1/users', { headers: bearer })).status).toBe(401)
    },
  },
  {
    name: 'a user makes tokens without end',
    async run(ground) {
      const { person } = await viewer(ground)
      const json = { name: 'one of many', scopes: ['search'] }
      const all = await Promise.all(Array.from({ length: 55 }, () => person.status('/v1/tokens', { json })))
      expect([all.filter((one) => one === 200).length, all.filter((one) => one === 409).length]).toEqual([
        50, 5,
      ])
    },
  },
  {
    name: 'a user chooses a password that programs try first',
    async run(ground) {
      const { person } = await viewer(ground)
      const json = { current: PASSWORD, password: 'P@ssw0rd!2024' }
      const { status, text } = await person.ask('/v1/session/password', { json })
      expect([status, text]).toEqual([400, expect.stringContaining('This password is too common')])
    },
  },
]
