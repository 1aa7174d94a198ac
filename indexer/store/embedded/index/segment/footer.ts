import { crc32 } from 'node:zlib'
import type { PackedPlace } from './packed-column.ts'
import type { PackedHeldPlace } from './packed-held.ts'
import type { PagesPlace } from './packed-terms.ts'
import { damaged } from './seal.ts'
import type { Source } from './source.ts'
import type { Footer, Sink } from './write.ts'

/** The footer of a segment of version 2. */
export interface PackedFooter extends Omit<Footer, 'version' | 'columns' | 'held' | 'pages'> {
  readonly version: 2
  readonly columns: readonly PackedPlace[]
  readonly held: Readonly<Record<string, PackedHeldPlace>>
  readonly pages: PagesPlace
}

export const isPacked = (footer: Footer | PackedFooter): footer is PackedFooter => footer.version === 2

/** The highest bit of the length: set if a checksum precedes it. */
const CHECKED = 0x80000000

export function writeFooter(sink: Sink, footer: PackedFooter): void {
  const text = Buffer.from(JSON.stringify(footer))
  sink.append(text)
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(text))
  tail.writeUInt32LE(text.length + CHECKED, 4)
  sink.append(tail)
}

export function footerOf(source: Source): Footer | PackedFooter {
  const { size } = source
  if (size < 8) throw damaged('the end')
  const tail = source.read(size - 8, 8)
  const said = tail.readUInt32LE(4)
  const isChecked = said >= CHECKED
  const length = isChecked ? said - CHECKED : said
  const end = size - (isChecked ? 8 : 4)
  if (length > end) throw damaged('the end')
  const text = source.read(end - length, length)
  if (isChecked && crc32(text) !== tail.readUInt32LE(0)) throw damaged('the footer')
  const footer = JSON.parse(text.toString('utf8')) as Footer | PackedFooter
  if (footer.version !== (isChecked ? 2 : 1))
    throw new Error(
      `a segment has the unknown version ${String(footer.version)}; it was written by a newer Waybill`,
    )
  return footer
}
