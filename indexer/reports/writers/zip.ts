import { createReadStream } from 'node:fs'
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { OperatorError } from '../../../schema/index.ts'
import { Output } from './output.ts'

/**
 * Writes a ZIP file from its beginning to its end: sizes follow the content of each entry. A block is compressed alone and ends at a border of
 * bytes, so blocks one after the other are one stream, and no more than one is in memory.
 */
const BLOCK_LETTERS = 512 * 1024
const MOST_BYTES = 0xffffffff
/** Version 2.0; sizes come later, names are UTF-8; deflate; midnight of 1 January 1980. */
const COMMON = Buffer.from([20, 0, 0x08, 0x08, 8, 0, 0, 0, 0x21, 0])
const LOCAL = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), COMMON])
const CENTRAL = Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 0]), COMMON])

/** How each entry begins, and the list of all at the end: pieces begin there, so that they are found again. */
export const ZIP_MARKS = [LOCAL, CENTRAL] as const

export const ZIP_LIST = 'the list of the parts'

/** What a part is, for people: `xl/worksheets/Events-2.xml` is the sheet Events 2. */
export function partName(path: string): string {
  const sheet = /^xl\/worksheets\/(.+)\.xml$/.exec(path)?.[1]
  return sheet === undefined ? `the part ${path}` : `the sheet ${sheet.replaceAll('-', ' ')}`
}

interface Entry {
  readonly name: string
  readonly offset: number
  crc: number
  packed: number
  size: number
}

export class Zip {
  readonly #output: Output
  readonly #entries: Entry[] = []
  #text = ''

  constructor(output: Output) {
    this.#output = output
  }

  /** Bytes of the entry that is being written, before compression. */
  get size(): number {
    return this.#entries.at(-1)?.size ?? 0
  }

  begin(name: string): void {
    const head = Buffer.alloc(16)
    head.writeUInt16LE(name.length, 12)
    this.#entries.push({ name, offset: this.#output.length, crc: 0, packed: 0, size: 0 })
    this.#output.bytes(LOCAL)
    this.#output.bytes(head)
    this.#output.text(name)
  }

  text(text: string): void {
    this.#text += text
    if (this.#text.length > BLOCK_LETTERS) this.#pack(constants.Z_SYNC_FLUSH)
  }

  /** Bytes of the entry; not after text of the same entry. */
  bytes(bytes: Uint8Array): void {
    this.#deflate(bytes, constants.Z_SYNC_FLUSH)
  }

  /** Ends the entry, and a piece of the file with it. */
  end(): void {
    this.#pack(constants.Z_FINISH)
    const { name, crc, packed, size } = this.#entries.at(-1)!
    const foot = Buffer.alloc(16)
    foot.write('PK\x07\x08', 'latin1')
    for (const [index, value] of [crc, packed, size].entries()) foot.writeUInt32LE(value, 4 + index * 4)
    this.#output.bytes(foot)
    this.#output.cut(partName(name))
  }

  entry(name: string, text: string): void {
    this.begin(name)
    this.text(text)
    this.end()
  }

  /** Writes the list of all entries. */
  finish(): void {
    const offset = this.#output.length
    for (const { name, offset: at, crc, packed, size } of this.#entries) {
      const rest = Buffer.alloc(30)
      for (const [index, value] of [crc, packed, size].entries()) rest.writeUInt32LE(value, index * 4)
      rest.writeUInt16LE(name.length, 12)
      rest.writeUInt32LE(at, 26)
      this.#output.bytes(CENTRAL)
      this.#output.bytes(rest)
      this.#output.text(name)
    }
    const end = Buffer.alloc(22)
    end.write('PK\x05\x06', 'latin1')
    end.writeUInt16LE(this.#entries.length, 8)
    end.writeUInt16LE(this.#entries.length, 10)
    end.writeUInt32LE(this.#output.length - offset, 12)
    end.writeUInt32LE(offset, 16)
    this.#output.bytes(end)
    this.#output.cut(ZIP_LIST)
  }

  #pack(finishFlush: number): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    this.#deflate(bytes, finishFlush)
  }

  #deflate(bytes: Uint8Array, finishFlush: number): void {
    const entry = this.#entries.at(-1)!
    const packed = deflateRawSync(bytes, { level: 4, finishFlush })
    entry.crc = crc32(bytes, entry.crc)
    entry.size += bytes.length
    entry.packed += packed.length
    this.#output.bytes(packed)
    if (entry.size > MOST_BYTES || this.#output.length > MOST_BYTES)
      throw new OperatorError(
        'WB-TOO-LARGE',
        `${this.#output.path}: this would be larger than the 4 GiB that a file of this format holds. Ask for less at once.`,
      )
  }
}

/** Writes a ZIP file of files, under other names; it reads them in blocks. */
export async function zipFiles(
  path: string,
  files: readonly { readonly name: string; readonly path: string }[],
): Promise<void> {
  const output = new Output(path)
  try {
    const zip = new Zip(output)
    for (const file of files) {
      zip.begin(file.name)
      for await (const block of createReadStream(file.path, { highWaterMark: BLOCK_LETTERS }))
        zip.bytes(block as Buffer)
      zip.end()
    }
    zip.finish()
    output.finish(0)
  } catch (thrown) {
    output.discard()
    throw thrown
  }
}
