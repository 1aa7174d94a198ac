/** As much of DER (X.690) as timestamps need: values of one-byte tags, read and written. */
export interface Der {
  readonly tag: number
  readonly content: Buffer
  /** With tag and length. */
  readonly bytes: Buffer
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The values one after the other; throws at the first that is cut off. */
export function readAll(bytes: Buffer): Der[] {
  const values: Der[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = bytes[at]!
    const first = bytes[at + 1]
    if (first === undefined || (tag & 0x1f) === 0x1f) throw new Error('the answer is no DER')
    let start = at + 2
    let length = first
    if (first >= 0x80) {
      const count = first & 0x7f
      if (count === 0 || count > 4 || start + count > bytes.length) throw new Error('the answer is no DER')
      length = bytes.readUIntBE(start, count)
      start += count
    }
    const end = start + length
    if (end > bytes.length) throw new Error('the answer is cut off')
    values.push({ tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) })
    at = end
  }
  return values
}

/** The parts of a value that consists of others. */
export const partsOf = (value: Der | undefined, tag: number = TAG.sequence): Der[] => {
  if (value?.tag !== tag) throw new Error(`the answer has another form than RFC 3161 gives it`)
  return readAll(value.content)
}

export function contentOf(value: Der | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new Error(`the answer has another form than RFC 3161 gives it`)
  return value.content
}

export function write(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const groups = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left % 128) | 0x80)
    bytes.push(...groups)
  }
  return write(TAG.oid, Buffer.from(bytes))
}
