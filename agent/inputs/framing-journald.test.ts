import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Framing, forEachRecord, lastBoundary, scannerFor } from './framing.ts'
import { exportFields } from './framing-journald.ts'

const JOURNALD: Framing = { kind: 'journald' }

function recordsOf(bytes: Buffer): string[] {
  const found: string[] = []
  forEachRecord(JOURNALD, bytes, 0, bytes.length, (start, end) =>
    found.push(bytes.toString('latin1', start, end)),
  )
  return found.filter((record) => record !== '')
}

function field(name: string, value: Buffer): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(value.length))
  return value.includes(0x0a)
    ? Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from('\n')])
    : Buffer.concat([Buffer.from(`${name}=`), value, Buffer.from('\n')])
}

const value = fc
  .array(fc.constantFrom(...'aZ_0={"\n\r\0\x01\xff'), { maxLength: 12 })
  .map((signs) => Buffer.from(signs.join(''), 'latin1'))
const entry = fc
  .array(fc.tuple(fc.constantFrom('MESSAGE', '_PID', '__CURSOR', 'A0'), value), {
    minLength: 1,
    maxLength: 5,
  })
  .map((fields) => fields.map(([name, said]) => field(name, said)))
  .map((fields) => Buffer.concat(fields).toString('latin1'))
const record = fc.oneof(
  entry,
  fc.constantFrom('{"a":1}\n', '{"A=":"b"}\n', '-- No entries --\n', 'lower=x\n'),
)
const isEntry = (text: string): boolean => /^[A-Z0-9_]+[=\n]/.test(text)
/** The entries as in a file: an empty line ends an entry. */
const written = (records: readonly string[]): Buffer =>
  Buffer.from(records.map((text) => (isEntry(text) ? `${text}\n` : text)).join(''), 'latin1')

describe("entries of systemd's journal", () => {
  it('are cut where they end, whatever their values hold', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (records) => {
        const wanted = records.map((text) => (isEntry(text) ? text : text.trimEnd()))
        expect(recordsOf(written(records))).toEqual(wanted)
      }),
      { numRuns: 1000 },
    )
  })

  it('end at the same place where their bytes come in pieces', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 24 }),
        (records, size) => {
          const bytes = written(records)
          const scanner = scannerFor(JOURNALD)
          let end = 0
          for (let from = 0; from < bytes.length; from = end) {
            scanner.reset()
            const whole = scanner.next(bytes, from, bytes.length)
            scanner.reset()
            end = -1
            for (let at = from, room = size; end === -1; ) {
              const to = Math.min(bytes.length, at + room)
              end = scanner.next(bytes, at, to)
              // An incomplete name or length needs more room.
              if (end === -1 && scanner.scanned === at) room += size
              if (end === -1) at = scanner.scanned
            }
            expect(end).toBe(whole)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('that are not there whole wait for the rest, also within a value that holds an empty line', () => {
    const bytes = written([field('MESSAGE', Buffer.from('one\n\ntwo')).toString('latin1')])
    for (let to = 0; to < bytes.length; to++)
      expect(lastBoundary(JOURNALD, bytes.subarray(0, to), 0, to)).toBe(0)
    expect(lastBoundary(JOURNALD, bytes, 0, bytes.length)).toBe(bytes.length)
  })

  it('do not take text for a length', () => {
    const bytes = Buffer.from('ERROR\nsomething went wrong\n\n{"a":1}\n')
    expect(recordsOf(bytes)).toEqual(['ERROR\nsomething went wrong\n', '{"a":1}'])
    expect(exportFields(Buffer.from('ERROR\nsomething went wrong\n'))).toBe(null)
  })

  it('of gigabytes are followed through a small window', () => {
    const scanner = scannerFor(JOURNALD)
    scanner.reset()
    const head = Buffer.from('COREDUMP\n\0\0\0\0\0\0\0\0')
    head.writeBigUInt64LE(700n * 1024n * 1024n, 9)
    expect(scanner.next(head, 0, head.length)).toBe(-1)
    expect(scanner.scanned).toBe(head.length)
    const window = Buffer.alloc(1024 * 1024, '\n')
    for (let read = 0; read < 700; read++) expect(scanner.next(window, 0, window.length)).toBe(-1)
    expect(scanner.next(Buffer.from('\nA=b\n\nnext'), 0, 11)).toBe(6)
  })
})
