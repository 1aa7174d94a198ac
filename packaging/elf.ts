/**
 * A program without what only a debugger reads: its symbols and debug sections. Node's binary has 33 MB of these. The program `strip` does the same,
 * but only for its own processor, and each version of it writes other bytes; a package must be the same on every machine that builds it.
 */
const SHF_ALLOC = 2
const SHT_NULL = 0
const SHT_STRTAB = 3
const PT_LOAD = 1
const [PROGRAM_BYTES, SECTION_BYTES] = [56, 64]

export function stripped(elf: Buffer): Buffer {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1)
    throw new Error('not an ELF program of 64 bits, little endian')
  const loaded = Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = Number(elf.readBigUInt64LE(32)) + index * PROGRAM_BYTES
    const isLoaded = elf.readUInt32LE(at) === PT_LOAD
    return isLoaded ? Number(elf.readBigUInt64LE(at + 8) + elf.readBigUInt64LE(at + 32)) : 0
  })
  const end = Math.max(...loaded)
  const sections = sectionsOf(elf)
  const names = sections[elf.readUInt16LE(62)]
  if (names === undefined) throw new Error('the program has no names of sections')
  const kept = sections.filter(({ type, flags }) => type === SHT_NULL || (flags & SHF_ALLOC) !== 0)
  const place = new Map(kept.map(({ index }, now) => [index, now]))

  const texts = [Buffer.from([0])]
  let length = 1
  const addName = (name: string): number => {
    const at = length
    texts.push(Buffer.from(`${name}\0`, 'latin1'))
    length += name.length + 1
    return at
  }
  const headers = kept.map(({ header, name }) => {
    const copy = Buffer.from(header)
    copy.writeUInt32LE(name === '' ? 0 : addName(name), 0)
    // Both may name another section: the strings of symbols, and what relocations apply to.
    copy.writeUInt32LE(place.get(header.readUInt32LE(40)) ?? 0, 40)
    if (header.readUInt32LE(4) === SHT_RELA) copy.writeUInt32LE(place.get(header.readUInt32LE(44)) ?? 0, 44)
    return copy
  })
  const own = Buffer.alloc(SECTION_BYTES)
  own.writeUInt32LE(addName('.shstrtab'), 0)
  own.writeUInt32LE(SHT_STRTAB, 4)
  own.writeBigUInt64LE(BigInt(end), 24)
  own.writeBigUInt64LE(BigInt(length), 32)
  own.writeBigUInt64LE(1n, 48)
  const table = Math.ceil((end + length) / 8) * 8

  const body = Buffer.from(elf.subarray(0, end))
  body.writeBigUInt64LE(BigInt(table), 40)
  body.writeUInt16LE(kept.length + 1, 60)
  body.writeUInt16LE(kept.length, 62)
  const gap = Buffer.alloc(table - end - length)
  return Buffer.concat([body, ...texts, gap, ...headers, own])
}
const SHT_RELA = 4

interface Section {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly header: Buffer
}

function sectionsOf(elf: Buffer): Section[] {
  const headers = Array.from({ length: elf.readUInt16LE(60) }, (_, index) => {
    const at = Number(elf.readBigUInt64LE(40)) + index * SECTION_BYTES
    return elf.subarray(at, at + SECTION_BYTES)
  })
  const names = Number(headers[elf.readUInt16LE(62)]?.readBigUInt64LE(24) ?? 0n)
  return headers.map((header, index) => {
    const from = names + header.readUInt32LE(0)
    return {
      index,
      name: elf.toString('latin1', from, elf.indexOf(0, from)),
      type: header.readUInt32LE(4),
      flags: Number(header.readBigUInt64LE(8)),
      header,
    }
  })
}
