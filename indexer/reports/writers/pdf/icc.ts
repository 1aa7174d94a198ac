/**
 * The sRGB profile that PDF/A demands, as ICC.1:2001 (version 2) describes it: the primaries of IEC 61966-2-1, adapted to D50, and its
 * curve as a table. Made here: a file of somebody else would need its licence, and takes as much space.
 */
export function srgbProfile(): Buffer {
  const curve = curveOf(256)
  const tags: readonly (readonly [string, Buffer])[] = [
    ['desc', description('sRGB IEC61966-2.1')],
    ['cprt', Buffer.concat([Buffer.from('text\0\0\0\0'), Buffer.from('No copyright, use freely\0')])],
    ['wtpt', xyz(0.9642, 1, 0.8249)],
    ['rXYZ', xyz(0.4361, 0.2225, 0.0139)],
    ['gXYZ', xyz(0.3851, 0.7169, 0.0971)],
    ['bXYZ', xyz(0.1431, 0.0606, 0.7141)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ]
  const table = Buffer.alloc(4 + tags.length * 12)
  table.writeUInt32BE(tags.length, 0)
  const placed = new Map<Buffer, number>()
  const contents: Buffer[] = []
  let at = HEADER_BYTES + table.length
  for (const [index, [name, content]] of tags.entries()) {
    const known = placed.get(content)
    const offset = known ?? at
    if (known === undefined) {
      const padded = Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)])
      placed.set(content, at)
      contents.push(padded)
      at += padded.length
    }
    table.write(name, 4 + index * 12, 'latin1')
    table.writeUInt32BE(offset, 8 + index * 12)
    table.writeUInt32BE(content.length, 12 + index * 12)
  }
  return Buffer.concat([header(at), table, ...contents])
}

const HEADER_BYTES = 128

function header(size: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  bytes.writeUInt32BE(size, 0)
  bytes.writeUInt32BE(0x02100000, 8)
  bytes.write('mntrRGB XYZ ', 12, 'latin1')
  for (const [index, part] of [2026, 1, 1, 0, 0, 0].entries()) bytes.writeUInt16BE(part, 24 + index * 2)
  bytes.write('acsp', 36, 'latin1')
  // The light of the connection space is D50.
  xyz(0.9642, 1, 0.8249).copy(bytes, 68, 8)
  return bytes
}

function xyz(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(20)
  bytes.write('XYZ ', 0, 'latin1')
  for (const [index, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65536), 8 + index * 4)
  return bytes
}

function curveOf(points: number): Buffer {
  const bytes = Buffer.alloc(12 + points * 2)
  bytes.write('curv', 0, 'latin1')
  bytes.writeUInt32BE(points, 8)
  for (let i = 0; i < points; i++) {
    const value = i / (points - 1)
    const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    bytes.writeUInt16BE(Math.round(linear * 65535), 12 + i * 2)
  }
  return bytes
}

function description(text: string): Buffer {
  // After the text: no name in Unicode, and none in ScriptCode with its 67 bytes.
  const bytes = Buffer.alloc(12 + text.length + 1 + 8 + 3 + 67)
  bytes.write('desc', 0, 'latin1')
  bytes.writeUInt32BE(text.length + 1, 8)
  bytes.write(text, 12, 'latin1')
  return bytes
}
