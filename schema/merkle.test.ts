import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  HASH_BYTES,
  inclusionProof,
  leafAt,
  leafHash,
  leavesOf,
  merkleRoot,
  verifyInclusion,
} from './merkle.ts'

const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** MTH of RFC 9162, section 2.1.1, written down as it stands there. */
function definition(entries: readonly Buffer[]): Buffer {
  if (entries.length === 0) return sha()
  if (entries.length === 1) return sha(Buffer.from([0]), entries[0]!)
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return sha(Buffer.from([1]), definition(entries.slice(0, k)), definition(entries.slice(k)))
}

const hashed = (entries: readonly Buffer[]): Buffer => Buffer.concat(entries.map((entry) => leafHash(entry)))

const entriesOf = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 70 },
)

describe('the Merkle tree', () => {
  it('has the roots of the Certificate Transparency test entries', () => {
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ].map((hex) => Buffer.from(hex, 'hex'))
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    roots.forEach((root, i) => {
      expect(merkleRoot(hashed(entries.slice(0, i + 1))).toString('hex')).toBe(root)
    })
  })

  it('is the same for as many leaves as a batch may have, and more', () => {
    const entries = Array.from({ length: 20_001 }, (_, i) => Buffer.from(`entry ${i}`))
    for (const count of [8191, 8192, 8193, 20_001, 5]) {
      const some = entries.slice(0, count)
      expect(merkleRoot(hashed(some)).equals(definition(some))).toBe(true)
    }
  })

  it('is the one that RFC 9162 defines, for any entries', () => {
    fc.assert(fc.property(entriesOf, (entries) => merkleRoot(hashed(entries)).equals(definition(entries))))
  })

  it('proves each of its leaves, and no other leaf, place or tree', () => {
    fc.assert(
      fc.property(entriesOf, fc.nat(), fc.nat(255), (entries, pick, flip) => {
        fc.pre(entries.length > 0)
        const leaves = hashed(entries)
        const index = pick % entries.length
        const root = merkleRoot(leaves)
        const proof = inclusionProof(leaves, index)
        const leaf = leafAt(leaves, index)
        expect(verifyInclusion(leaf, index, entries.length, proof, root)).toBe(true)
        const other = Buffer.from(leaf)
        other[flip % HASH_BYTES]! ^= 1
        expect(verifyInclusion(other, index, entries.length, proof, root)).toBe(false)
        expect(verifyInclusion(leaf, index + entries.length, entries.length, proof, root)).toBe(false)
        if (proof.length === 0) return
        expect(verifyInclusion(leaf, index, entries.length, proof.slice(1), root)).toBe(false)
        const beside = index ^ 1
        const equal = beside < entries.length && Buffer.compare(leafAt(leaves, beside), leaf) === 0
        if (!equal) expect(verifyInclusion(leaf, beside, entries.length, proof, root)).toBe(false)
      }),
    )
  })

  it('hashes the lines of a batch in place and leaves them as they were', () => {
    const lines = ['{"a":1}', '', '{"b":"ü"}']
    const bytes = Buffer.from(`\n${lines.join('\n')}\n`)
    const before = Buffer.from(bytes)
    const { leaves, count } = leavesOf(bytes, 1, bytes.length)
    expect(count).toBe(3)
    expect(leaves).toEqual(hashed(lines.map((line) => Buffer.from(line))))
    expect(bytes).toEqual(before)
  })
})
