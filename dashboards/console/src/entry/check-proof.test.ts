import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { check, type Proof, placeInLog } from './check-proof.ts'

vi.stubGlobal('isSecureContext', true)

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const leafHash = (line: string): Buffer =>
  createHash('sha256')
    .update(Buffer.from([0]))
    .update(line)
    .digest()
const node = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest()

/** The path by RFC 9162, section 2.1.3.1, from its definition. */
function pathOf(leaves: readonly Buffer[], at: number): Buffer[] {
  if (leaves.length === 1) return []
  let k = 1
  while (2 * k < leaves.length) k *= 2
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)]
  return at < k ? [...pathOf(left, at), rootOf(right)] : [...pathOf(right, at - k), rootOf(left)]
}
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (2 * k < leaves.length) k *= 2
  return node(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

function proofOf(count: number, position: number): Proof {
  const lines = Array.from({ length: count }, (_, i) => `{"message":"number ${i} – ü"}`)
  const leaves = lines.map(leafHash)
  const root = rootOf(leaves).toString('hex')
  const manifest = JSON.stringify({ agent: 'a', events: count, root, sequence: 7 })
  return {
    format: 'waybill/event-proof/v1',
    event: 'e',
    line: lines[position]!,
    position,
    path: pathOf(leaves, position).map((hash) => hash.toString('hex')),
    manifest,
    signature: sign(null, Buffer.from(`waybill/manifest/1\n${manifest}`), privateKey).toString('base64'),
    agentKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    log: 'c2sp.org/tlog-proof@v1\nindex 41\nAAAA\n\nan.example/log\n99\nroot\n\n— an.example/log sig\n',
  }
}

describe('the browser checks a proof by itself', () => {
  it('of each line of waybills of any size', async () => {
    for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 21])
      for (let position = 0; position < count; position++)
        expect(await check(proofOf(count, position)), `${position} of ${count}`).toEqual({
          line: true,
          signature: true,
        })
  })

  it('and finds another line, another place, another path and another manifest', async () => {
    const proof = proofOf(7, 3)
    const wrong: Partial<Proof>[] = [
      { line: `${proof.line} ` },
      { position: 2 },
      { position: 7 },
      { path: proof.path.slice(1) },
      { path: [...proof.path, proof.path[0]!] },
    ]
    for (const one of wrong) expect((await check({ ...proof, ...one })).line).toBe(false)
    const manifest = proof.manifest.replace('"sequence":7', '"sequence":8')
    expect(await check({ ...proof, manifest })).toEqual({ line: true, signature: false })
    expect((await check({ ...proof, agentKey: 'none' })).signature).toBeNull()
  })

  it('and says where its waybill is in the log', () => {
    expect(placeInLog(proofOf(1, 0))).toEqual({ index: 41, size: 99, origin: 'an.example/log' })
    expect(placeInLog({ ...proofOf(1, 0), log: 'something' })).toBeNull()
  })
})
