import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keyId } from '../../ingest/index.ts'
import { readVerifierKey } from '../index.ts'
import { verifyProofs } from './event-proof.ts'
import type { Policy } from './policy.ts'

const VECTORS = join(import.meta.dirname, '../../../docs/vectors')
const read = (name: string): string => readFileSync(join(VECTORS, name), 'utf8')
const proof = JSON.parse(read('event.proof.json')) as Record<string, unknown> & {
  manifest: string
  line: string
}
const { agent } = JSON.parse(proof.manifest) as { agent: string }
const key = keyId(createPublicKey(read('agent.pem')))
const log = readVerifierKey(read('log.vkey').trim())
const policy: Policy = {
  agents: [{ agent, key, pem: read('agent.pem') }],
  logs: [{ origin: log.name, keys: [log] }],
  checkpoints: [],
}
const verified = (change: object = {}, trusted: Policy = policy) => {
  const { verdict, findings } = verifyProofs(
    JSON.stringify({ ...proof, ...change }),
    'event.json',
    trusted,
    () => 0,
  )
  return { verdict, kinds: findings.map(({ kind }) => kind) }
}

test('the published proof of an event is believed with the keys of a policy, alone and as a line among others', () => {
  expect(verified()).toEqual({ verdict: 'sound', kinds: [] })
  const lines = `${JSON.stringify(proof)}\n${JSON.stringify(proof)}\n`
  expect(verifyProofs(lines, 'events.json', policy, () => 0)).toMatchObject({ verdict: 'sound', proved: 2 })
})

test('whatever is changed in it is named', () => {
  const changed = { verdict: 'findings', kinds: ['event-changed'] }
  expect(verified({ line: proof.line.replace('jane', 'nobody') })).toEqual(changed)
  expect(verified({ position: 2 })).toEqual(changed)
  expect(verified({ path: [] })).toEqual(changed)
  const signed = { verdict: 'findings', kinds: ['signature-invalid'] }
  expect(verified({ manifest: proof.manifest.replace('"created":', '"created":1') })).toEqual(signed)
  expect(verified({ manifest: '{}' })).toEqual({ verdict: 'findings', kinds: ['waybill-changed'] })
  const wrongLog = String(proof.log).replace(/index \d+/, 'index 1')
  expect(verified({ log: wrongLog })).toEqual({ verdict: 'findings', kinds: ['checkpoint-invalid'] })
})

test('a proof that was filed under another event is named', () => {
  const other = `f${String(proof.event).slice(1)}`
  expect(verified({ event: other })).toEqual({ verdict: 'findings', kinds: ['event-changed'] })
})

test('without the keys of agent or log it is not proved', () => {
  expect(verified({}, { ...policy, agents: [] })).toEqual({ verdict: 'unverified', kinds: ['key-unknown'] })
  expect(verified({}, { ...policy, logs: [] })).toEqual({
    verdict: 'unverified',
    kinds: ['checkpoint-invalid'],
  })
})

test('a checkpoint of the policy with another root contradicts it', () => {
  const size = Number(String(proof.log).split('\n\n')[1]!.split('\n')[1])
  const checkpoints = [{ origin: log.name, size, root: Buffer.alloc(32), at: null }]
  expect(verified({}, { ...policy, checkpoints })).toEqual({ verdict: 'findings', kinds: ['log-rewritten'] })
})

test('a file that has no proof is refused with its line', () => {
  expect(() => verifyProofs(`${JSON.stringify(proof)}\n{}\n`, 'a.json', policy, () => 0)).toThrow(
    'line 2 of a.json is no proof of an event',
  )
})
