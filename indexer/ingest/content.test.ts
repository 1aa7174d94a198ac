import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash, merkleRoot } from '../../schema/index.ts'
import { type ContentTask, checkContent } from './content.ts'

const bufferOf = (bytes: Buffer): ArrayBuffer => {
  const own = new ArrayBuffer(bytes.length)
  bytes.copy(Buffer.from(own))
  return own
}

/** The correct task for these lines, computed plainly. */
function taskOf(lines: readonly string[], encoding: 'zstd' | 'gzip'): ContentTask {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const root = merkleRoot(Buffer.concat(lines.map((line) => leafHash(Buffer.from(line)))))
  const payload = encoding === 'zstd' ? zstdCompressSync(text) : gzipSync(text)
  return {
    payload: lines.length === 0 ? new ArrayBuffer(0) : bufferOf(payload),
    encoding,
    bytes: text.length,
    events: lines.length,
    root: root.toString('hex'),
  }
}

const line = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((text) => text.replaceAll('\n', ' ').toWellFormed())

describe('a payload', () => {
  it('that is what its manifest says gives its lines and their leaves', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.constantFrom('zstd', 'gzip'), (lines, encoding) => {
        const result = checkContent(taskOf(lines, encoding))
        if (!result.ok) throw new Error(result.reason)
        const text = lines.map((one) => `${one}\n`).join('')
        expect(Buffer.from(result.lines, 0, Buffer.byteLength(text)).toString('utf8')).toBe(text)
        const leaves = Buffer.concat(lines.map((one) => leafHash(Buffer.from(one))))
        expect(Buffer.from(result.leaves, 0, leaves.length).equals(leaves)).toBe(true)
      }),
    )
    const many = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)
    const result = checkContent(taskOf(many, 'zstd'))
    if (!result.ok) throw new Error(result.reason)
    const text = many.map((one) => `${one}\n`).join('')
    expect(Buffer.from(result.lines, 0, text.length).toString()).toBe(text)
  })

  it('with any byte changed, cut off or added, in its lines, is refused', () => {
    const lines = ['{"a":1}', '{"b":2}', '{"c":3}']
    const right = taskOf(lines, 'zstd')
    const text = `${lines.join('\n')}\n`
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}~${text.slice(at + 1)}`
      const without = text.slice(0, at) + text.slice(at + 1)
      const more = `${text.slice(0, at)}~${text.slice(at)}`
      for (const wrong of [changed, without, more]) {
        expect(checkContent({ ...right, payload: bufferOf(zstdCompressSync(wrong)) }).ok).toBe(false)
      }
    }
  })

  it('that is cut off is refused, and never throws', () => {
    const right = taskOf(['{"a":1}', '{"b":2}'], 'zstd')
    for (let length = 0; length < right.payload.byteLength; length++) {
      expect(checkContent({ ...right, payload: right.payload.slice(0, length) }).ok).toBe(false)
    }
  })

  it('is never unpacked further than its manifest names', () => {
    for (const bomb of [zstdCompressSync(Buffer.alloc(64 << 20)), gzipSync(Buffer.alloc(64 << 20))]) {
      const encoding = bomb[0] === 0x1f ? 'gzip' : 'zstd'
      for (const bytes of [0, 1, 1000, 1 << 20]) {
        const before = process.memoryUsage().arrayBuffers
        const result = checkContent({ ...taskOf(['x'], encoding), payload: bufferOf(bomb), bytes })
        expect(result).toMatchObject({ ok: false, reason: expect.stringContaining('unpacks to more than') })
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
      }
    }
  })
})
