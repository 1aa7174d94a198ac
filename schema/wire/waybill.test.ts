import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentId, Incarnation, Sha256 } from '../index.ts'
import { decodeWaybill, encodeWaybill, type Manifest, verifyWaybill, WaybillFormatError } from './waybill.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const manifest: Manifest = {
  version: 1,
  agent: 'a-123' as AgentId,
  key: 'k1',
  incarnation: '00112233445566778899aabbccddeeff' as Incarnation,
  sequence: 1,
  previous: null,
  cites: null,
  created: 1_700_000_000_000,
  namespace: 'default',
  settings: null,
  events: 0,
  bytes: 0,
  encoding: 'zstd',
  root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
  sources: [],
}
const payload = Buffer.from('payload')
const { body, hash } = encodeWaybill(manifest, payload, privateKey)

describe('a waybill', () => {
  it('is read as it was sealed, and its signature holds', () => {
    const waybill = decodeWaybill(body)
    expect(waybill.manifest).toEqual(manifest)
    expect(waybill.payload).toEqual(payload)
    expect(waybill.hash).toBe(hash)
    expect(verifyWaybill(waybill, publicKey)).toBe(true)
    expect(verifyWaybill(waybill, generateKeyPairSync('ed25519').publicKey)).toBe(false)
  })

  it('with a changed manifest does not verify', () => {
    const changed = Buffer.from(body)
    const at = changed.indexOf('"sequence":1') + '"sequence":'.length
    changed[at] = '2'.charCodeAt(0)
    expect(verifyWaybill(decodeWaybill(changed), publicKey)).toBe(false)
  })

  it('cut off anywhere is refused with the byte where it ends', () => {
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeWaybill(body.subarray(0, length))).toThrow(WaybillFormatError)
    }
    expect(() => decodeWaybill(Buffer.concat([body, Buffer.from('x')]))).toThrow(/1 bytes follow/)
  })

  it('of arbitrary bytes never does more than be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeWaybill(Buffer.from(bytes))).toThrow(WaybillFormatError)
      }),
    )
  })

  it('with a member too many or a wrong one is refused by name', () => {
    const refused = (change: object): string => {
      const encoded = encodeWaybill({ ...manifest, ...change }, payload, privateKey).body
      try {
        decodeWaybill(encoded)
      } catch (error) {
        return (error as Error).message
      }
      return 'accepted'
    }
    expect(refused({ extra: 1 })).toMatch(/manifest.*extra/)
    expect(refused({ sequence: 0 })).toMatch(/sequence/)
    expect(refused({ root: 'xyz' })).toMatch(/root: expected SHA-256/)
    expect(refused({ namespace: '../x' })).toMatch(/namespace/)
  })
})
