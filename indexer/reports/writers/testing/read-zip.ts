import { inflateRawSync } from 'node:zlib'

/** The parts of a ZIP file by its central directory, as text. */
export const partsOf = (zip: Buffer): Map<string, string> =>
  new Map([...bytesOf(zip)].map(([name, bytes]) => [name, bytes.toString()]))

export function bytesOf(zip: Buffer): Map<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  const parts = new Map<string, Buffer>()
  let at = zip.readUInt32LE(end + 16)
  for (let i = 0; i < zip.readUInt16LE(end + 10); i++) {
    const length = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + length)
    const local = zip.readUInt32LE(at + 42)
    const from = local + 30 + zip.readUInt16LE(local + 26)
    const content = inflateRawSync(zip.subarray(from, from + zip.readUInt32LE(at + 20)))
    if (content.length !== zip.readUInt32LE(at + 24)) throw new Error(`${name} has another size`)
    parts.set(name, content)
    at += 46 + length
  }
  return parts
}
