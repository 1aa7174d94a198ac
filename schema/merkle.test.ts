import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { hasShaInstructions } from './tree/processor.ts'

const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** MTH of RFC 9162, section 2.1.1, exactly as defined there. */
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

  describe.each([
    ['one at a time', false],
    ['four at a time', true],
  ])('hashes lines %s', (_, fourAtATime) => {
    function expectHashed(lines: readonly Buffer[], last = '\n'): void {
      const bytes = Buffer.concat([
        Buffer.from('>'),
        ...lines.flatMap((line, i) => [line, Buffer.from(i < lines.length - 1 ? '\n' : last)]),
      ])
      const before = Buffer.from(bytes)
      const { leaves, count } = leavesOf(bytes, 1, bytes.length, Buffer.alloc(64), fourAtATime)
      expect(count).toBe(lines.length)
      expect(leaves.equals(hashed(lines))).toBe(true)
      expect(bytes.equals(before)).toBe(true)
    }
    const text = (length: number, letter: string): Buffer => Buffer.from(letter.repeat(length))

    it('of every length around a block and its padding, whatever stands beside it', () => {
      const lines = Array.from({ length: 200 }, (_, length) => text(length, 'x'))
      expectHashed(lines)
      expectHashed(lines.toReversed())
      expectHashed(
        lines.flatMap((line, i) => [text(0, ''), line, text((i * 37) % 300, 'y')]),
        '',
      )
    })

    it('of any bytes, and leaves them as they were', () => {
      const line = fc
        .uint8Array({ maxLength: 300, max: 255 })
        .map((bytes) => Buffer.from(bytes.filter((b) => b !== 10)))
      const end = fc.constantFrom('\n', '')
      fc.assert(
        fc.property(fc.array(line, { maxLength: 30 }), end, (lines, last) => {
          fc.pre(last === '\n' ? lines.length > 0 : (lines.at(-1)?.length ?? 0) > 0)
          expectHashed(lines, last)
        }),
      )
    })

    it('of more than is taken at one go, and longer than that', () => {
      const usual = Array.from({ length: 3000 }, (_, i) => text(300 + ((i * 7919) % 900), 'abc'[i % 3]!))
      expectHashed(usual)
      expectHashed(
        [text(10, 'a'), text(300_000, 'b'), text(262_143, 'c'), text(262_144, 'd'), text(3, 'e')],
        '',
      )
      expectHashed(Array.from({ length: 20_000 }, (_, i) => text(i % 3, 'z')))
    })
  })
})

describe('whether the processor has instructions for SHA-256', () => {
  const said = (text: string): boolean => {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-cpu-'))
    try {
      writeFileSync(join(folder, 'cpuinfo'), text)
      return hasShaInstructions(join(folder, 'cpuinfo'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  it.each([
    ['processor\t: 0\nflags\t\t: fpu sse2 avx2 sha_ni clflushopt\n', true],
    ['processor\t: 0\nflags\t\t: fpu sse2 avx2 clflushopt\n', false],
    ['processor\t: 0\nFeatures\t: fp asimd aes sha1 sha2 crc32\n', true],
    ['processor\t: 0\nFeatures\t: fp asimd sha1 sha256x\n', false],
  ])('is read off what the system says of it: %j', (text, has) => {
    expect(said(text)).toBe(has)
  })

  it('is taken for granted where the system does not say', () => {
    expect(hasShaInstructions('/nonexistent/cpuinfo')).toBe(true)
  })
})
