import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Role } from '../../../schema/api/index.ts'
import { eventsAt } from '../../../test/pages.ts'
import { type Answer, askAt, TestIndexer } from '../../ingest/testing.ts'

/** For tests only: people with browsers, who sign in at a real indexer. */

export const PASSWORD = 'correct horse battery staple'

export type Asked = Parameters<typeof askAt>[2]

/** A browser of somebody: keeps the cookie that it is given, and sends what a page of ours would send. */
export class Person {
  readonly indexer: Pick<TestIndexer, 'url'>
  /** The address that a proxy reports; null: the person comes straight from this machine. */
  readonly address: string | null
  cookie = ''
  csrf = ''

  constructor(indexer: Pick<TestIndexer, 'url'>, address: string | null = null) {
    this.indexer = indexer
    this.address = address
  }

  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    const answer = await askAt(this.indexer.url, path, {
      ...asked,
      headers: {
        ...(this.cookie === '' ? {} : { cookie: this.cookie }),
        ...(this.csrf === '' ? {} : { 'x-waybill-csrf': this.csrf }),
        ...(this.address === null ? {} : { 'x-forwarded-for': this.address }),
        ...asked?.headers,
      },
    })
    const set = [answer.headers['set-cookie'] ?? []].flat()[0]
    if (set !== undefined) this.cookie = set.split(';')[0] ?? ''
    return answer
  }

  /** Signs in, or takes the next step; the answer names the step that is required next. */
  async step(path: string, json: object): Promise<Answer> {
    const answer = await this.ask(path, { json })
    if (answer.status === 200 && typeof answer.json.csrf === 'string') this.csrf = answer.json.csrf
    return answer
  }

  signIn(name: string, password = PASSWORD): Promise<Answer> {
    return this.step('/v1/session', { name, password })
  }

  async status(path: string, asked: Asked = {}): Promise<number> {
    return (await this.ask(path, asked)).status
  }
}

/** The header of the operator of this indexer's machine: the token in the data folder. */
export async function operatorAt({ folder }: Pick<TestIndexer, 'folder'>): Promise<Record<string, string>> {
  const file = join(folder, 'store', 'local-token')
  const { token } = JSON.parse(await readFile(file, 'utf8')) as { token: string }
  return { authorization: `Bearer ${token}` }
}

/** A user with a password of their own, signed in; `operator` is who makes them. */
export async function personAt(
  indexer: Pick<TestIndexer, 'url'>,
  operator: Record<string, string>,
  user: { name: string; role: Role; limits?: object },
): Promise<Person> {
  const made = await askAt(indexer.url, '/v1/users', { headers: operator, json: user })
  if (made.status !== 200) throw new Error(`making ${user.name}: ${made.text}`)
  const person = new Person(indexer)
  await person.signIn(user.name, String(made.json.password))
  const changed = await person.step('/v1/session/password', { password: PASSWORD })
  if (changed.status !== 200) throw new Error(`the password of ${user.name}: ${changed.text}`)
  return person
}

const STRICT = { read: 'token', manage: 'token' }

/** An indexer on which nothing is open, and whose clock the test controls. */
export class StrictIndexer {
  readonly indexer: TestIndexer
  readonly #clock: { now: number }

  private constructor(indexer: TestIndexer, clock: { now: number }) {
    this.indexer = indexer
    this.#clock = clock
  }

  static async start(
    settings: Parameters<typeof TestIndexer.start>[0] = {},
    parts: Parameters<typeof TestIndexer.start>[1] = {},
  ): Promise<StrictIndexer> {
    const clock = { now: Date.now() }
    const indexer = await TestIndexer.start({ ...STRICT, ...settings }, { clock: () => clock.now, ...parts })
    return new StrictIndexer(indexer, clock)
  }

  /** It goes away; resolves to what brings it back at the same address. */
  async away(): Promise<() => Promise<void>> {
    const { url } = this.indexer
    await this.indexer.stop()
    return () => this.indexer.run({ ...STRICT, listen: url }, { clock: () => this.now })
  }

  pass(milliseconds: number): void {
    this.#clock.now += milliseconds
  }

  get now(): number {
    return this.#clock.now
  }

  end(): Promise<void> {
    return this.indexer.end()
  }

  file(name: string): string {
    return join(this.indexer.folder, 'store', name)
  }

  async firstPassword(): Promise<string> {
    return /^password: (.*)$/m.exec(await readFile(this.file('first-sign-in'), 'utf8'))?.[1] ?? ''
  }

  /** The operator of this machine, by the token in the data folder. */
  operator(): Promise<Record<string, string>> {
    return operatorAt(this.indexer)
  }

  async person(name: string, role: Role, limits: object = {}): Promise<Person> {
    return personAt(this.indexer, await this.operator(), { name, role, limits })
  }

  /** Waits until the trail has the expected number of events for this query, and returns them, oldest first. */
  async trail(query: string): Promise<Record<string, unknown>[]> {
    const path = `/v1/search?sort=oldest&limit=1000&q=${encodeURIComponent(`event.module: waybill and ${query}`)}`
    const headers = await this.operator()
    return eventsAt((page) => this.indexer.ask(page, { headers }), path)
  }
}
