import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HASH_BYTES, inclusionProof, leafHash, merkleRoot, verifyInclusion } from '../../schema/index.ts'
import { readTilePath, tilePath, tilesOf } from './tiles.ts'
import { consistencyPath, inclusionPath, type Perfect, rangeHash, verifyConsistency } from './tree.ts'

const leaves = Buffer.concat(Array.from({ length: 700 }, (_, i) => leafHash(Buffer.from(`entry ${i}`))))
const upTo = (size: number): Buffer => leaves.subarray(0, size * HASH_BYTES)
const perfect: Perfect = async (level, index) =>
  merkleRoot(leaves.subarray(index * 2 ** level * HASH_BYTES, (index + 1) * 2 ** level * HASH_BYTES))

describe('the tree of a log', () => {
  it('has the root and the audit paths of the tree over all leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(), async (size, any) => {
        const index = any % size
        const root = merkleRoot(upTo(size))
        expect(await rangeHash(perfect, 0, size)).toEqual(root)
        const path = await inclusionPath(perfect, index, size)
        expect(path).toEqual(inclusionProof(upTo(size), index))
        const leaf = leaves.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
        expect(verifyInclusion(leaf, index, size, path, root)).toBe(true)
      }),
    )
    expect(await rangeHash(perfect, 0, 0)).toEqual(merkleRoot(Buffer.alloc(0)))
  })

  it('proves each earlier tree, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 700 }), async (a, b) => {
        const [before, size] = [Math.min(a, b), Math.max(a, b)]
        const [old, now] = [merkleRoot(upTo(before)), merkleRoot(upTo(size))]
        const path = await consistencyPath(perfect, before, size)
        expect(verifyConsistency(before, size, path, old, now)).toBe(true)
        const wrong = Buffer.from(old)
        wrong[3]! ^= 1
        expect(verifyConsistency(before, size, path, wrong, now)).toBe(false)
        if (before < size && before > 0) {
          expect(verifyConsistency(before, size, path, old, wrong)).toBe(false)
          expect(verifyConsistency(before, size, [...path, old], old, now)).toBe(false)
          expect(verifyConsistency(before, size, path.slice(0, -1), old, now)).toBe(false)
        }
        expect(verifyConsistency(size + 1, size, path, old, now)).toBe(false)
      }),
    )
  })

  // The example of RFC 6962, section 2.1.3: seven leaves, and what its proofs consist of.
  it('proves the example of the RFC with the nodes that it names', async () => {
    const of = (from: number, to: number): Buffer =>
      merkleRoot(leaves.subarray(from * HASH_BYTES, to * HASH_BYTES))
    const [b, g, h, i, j, k, l] = [of(1, 2), of(0, 2), of(2, 4), of(4, 6), of(6, 7), of(0, 4), of(4, 7)]
    expect(await inclusionPath(perfect, 0, 7)).toEqual([b, h, l])
    expect(await inclusionPath(perfect, 3, 7)).toEqual([of(2, 3), g, l])
    expect(await inclusionPath(perfect, 4, 7)).toEqual([of(5, 6), j, k])
    expect(await inclusionPath(perfect, 6, 7)).toEqual([i, k])
    expect(await consistencyPath(perfect, 3, 7)).toEqual([of(2, 3), of(3, 4), g, l])
    expect(await consistencyPath(perfect, 4, 7)).toEqual([l])
    expect(await consistencyPath(perfect, 6, 7)).toEqual([i, j, k])
  })
})

describe('tiles', () => {
  it('have the paths of the specification', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 'entries', index: 0, width: 7 })).toBe('tile/entries/000.p/7')
    expect(tilePath({ level: 3, index: 1000, width: 255 })).toBe('tile/3/x001/000.p/255')
  })

  it('are those of the specification for a tree of 70,000 and of 256', () => {
    const all = [...tilesOf(70_000)]
    const of = (level: number) => all.filter((tile) => tile.level === level)
    expect([of(0).length, of(0).at(-1)!.width, of(0).at(-2)!.width]).toEqual([274, 112, 256])
    expect(of(1).map(({ width }) => width)).toEqual([256, 17])
    expect(of(2).map(({ width }) => width)).toEqual([1])
    expect([...tilesOf(256)].map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
  })

  it('are known by one path each', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 1, max: 256 }),
        (level, index, width) => {
          expect(readTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
        },
      ),
    )
    const bad = [
      'tile/0/0',
      'tile/00/000',
      'tile/64/000',
      'tile/0/x000/001',
      'tile/0/001/002',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/07',
      'tile/entries/../../key',
      'tile/0/000.tmp',
      'checkpoint',
      '',
    ]
    expect(bad.filter((path) => readTilePath(path) !== null)).toEqual([])
  })
})
