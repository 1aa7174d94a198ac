import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SecretBox } from '../ingest/index.ts'
import { openEmbeddedStore, type Store } from '../store/index.ts'
import { sealSecrets } from './second-factor.ts'
import { contextOf, secretOf } from './totp.ts'
import { type User, Users } from './users.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waybill-factor-'))
  store = await openEmbeddedStore({ path: folder, minimumFree: 1 })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const secret = randomBytes(20)
const userWith = (name: string, kept: string): User => ({
  id: name,
  name,
  fullName: '',
  role: 'viewer',
  limits: { namespaces: null, entities: null },
  epoch: 1,
  password: null,
  oneTime: null,
  secondFactor: { secret: kept, last: 1, recovery: [] },
  locked: null,
  created: 0,
  passwordChanged: 0,
  knownFrom: [],
})
const kept = async (name: string): Promise<string> =>
  (await Users.open(store.records, () => null)).demand(name).secondFactor?.secret ?? ''

it('a secret that an earlier version kept plainly is encrypted at the start, and is the same', async () => {
  const users = await Users.open(store.records, () => null)
  await users.add(userWith('jane', secret.toString('base64')))
  const box = new SecretBox(randomBytes(32), randomBytes)
  expect(await sealSecrets(users, box)).toEqual([])
  const sealed = await kept('jane')
  expect(sealed).toMatch(/^v1:/)
  expect(sealed).not.toContain(secret.toString('base64'))
  expect(secretOf(box, 'jane', { secret: sealed })).toEqual(secret)
  // Once.
  expect(await sealSecrets(users, box)).toEqual([])
  expect(await kept('jane')).toBe(sealed)
})

it('a secret of another key is left as it is, and its user is named', async () => {
  const users = await Users.open(store.records, () => null)
  const [mine, other] = [1, 2].map(() => new SecretBox(randomBytes(32), randomBytes)) as [
    SecretBox,
    SecretBox,
  ]
  const sealed = other.seal(secret, contextOf('joe'))
  await users.add(userWith('joe', sealed))
  expect(await sealSecrets(users, mine)).toEqual(['joe'])
  expect(await kept('joe')).toBe(sealed)
  expect(() => secretOf(mine, 'joe', { secret: sealed })).toThrow('Give all indexers of the cluster the same')
  // Nor is it of use at another user.
  expect(() => secretOf(other, 'jane', { secret: sealed })).toThrow("can't read the second factor of jane")
})
