import { inflateSync } from 'node:zlib'
import type { Logo } from '../../document.ts'
import { type PdfFile, pdfNumber, type Ref } from './file.ts'
import { boxOf } from './flow.ts'
import { MARGIN, type Pages } from './pages.ts'
import type { Element } from './structure.ts'
import { readSvg } from './svg.ts'

export interface PlacedLogo {
  readonly width: number
  readonly height: number
  readonly image: Ref
}

const MOST = { width: 150, height: 40 }
const SIGNATURE = '89504e470d0a1a0a'

/** The logo as a drawing of the file; null if the format can not show it, so that the name stands alone. */
export function placedLogo(file: PdfFile, logo: Logo | null): PlacedLogo | null {
  if (logo === null) return null
  if (logo.type === 'svg') {
    const drawing = readSvg(logo.bytes)
    if (drawing === null) return null
    // In a form y grows upwards.
    const matrix = `1 0 0 -1 0 ${pdfNumber(drawing.height)} cm\n`
    const box = `/BBox[0 0 ${pdfNumber(drawing.width)} ${pdfNumber(drawing.height)}]/Matrix[${pdfNumber(1 / drawing.width)} 0 0 ${pdfNumber(1 / drawing.height)} 0 0]`
    return placed(
      drawing,
      file.stream(`/Type/XObject/Subtype/Form${box}/Resources<<>>`, matrix + drawing.operators),
    )
  }
  const picture = readPng(logo.bytes)
  if (picture === null) return null
  const { columns, rows, colours, alpha } = picture
  const size = `/Type/XObject/Subtype/Image/Width ${columns}/Height ${rows}/BitsPerComponent 8`
  const mask = alpha === null ? '' : `/SMask ${file.stream(`${size}/ColorSpace/DeviceGray`, alpha)} 0 R`
  const image = file.stream(`${size}/ColorSpace/DeviceRGB${mask}`, colours)
  return placed({ width: columns, height: rows }, image)
}

/** As large as there is room. Like an image, its object is one unit wide and high. */
function placed({ width, height }: { width: number; height: number }, image: Ref): PlacedLogo {
  const scale = Math.min(MOST.width / width, MOST.height / height)
  return { width: width * scale, height: height * scale, image }
}

/** Draws it at the left, and returns its height. */
export function drawLogo(pages: Pages, parent: Element, { width, height }: PlacedLogo, name: string): number {
  const { page, y } = pages
  const box = boxOf(page, y, width, height)
  const element = pages.structure.begin('Figure', parent, { alt: `Logo of ${name}`, box })
  page.begin('Figure', pages.structure.mark(element, page))
  page.image('Logo', MARGIN.side, y, width, height)
  page.end()
  pages.structure.end(element)
  return height
}

interface Picture {
  readonly columns: number
  readonly rows: number
  /** Red, green and blue of each pixel. */
  readonly colours: Buffer
  readonly alpha: Buffer | null
}

/** The usual forms of PNG: eight bits a channel, not interlaced. */
function readPng(bytes: Uint8Array): Picture | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.subarray(0, 8).toString('hex') !== SIGNATURE) return null
  const parts = new Map<string, Buffer>()
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at)
    const name = file.toString('latin1', at + 4, at + 8)
    const content = file.subarray(at + 8, at + 8 + length)
    parts.set(name, Buffer.concat([parts.get(name) ?? Buffer.alloc(0), content]))
    at += 12 + length
  }
  const head = parts.get('IHDR')
  const data = parts.get('IDAT')
  if (head === undefined || head.length < 13 || data === undefined) return null
  const [columns, rows] = [head.readUInt32BE(0), head.readUInt32BE(4)]
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[head[9] ?? 1]
  const isUsual = head[8] === 8 && head[12] === 0 && columns * rows <= 4_000_000 && columns > 0 && rows > 0
  if (channels === undefined || !isUsual) return null
  try {
    const pixels = unfiltered(
      inflateSync(data, { maxOutputLength: rows * (columns * channels + 1) }),
      rows,
      columns * channels,
      channels,
    )
    return pictureOf(pixels, columns, rows, head[9]!, channels, parts)
  } catch {
    // A damaged logo is no reason not to make the report.
    return null
  }
}

function unfiltered(data: Buffer, rows: number, stride: number, back: number): Buffer {
  const pixels = Buffer.alloc(rows * stride)
  for (let row = 0; row < rows; row++) {
    const from = row * (stride + 1)
    const to = row * stride
    const filter = data[from]
    for (let i = 0; i < stride; i++) {
      const left = i < back ? 0 : pixels[to + i - back]!
      const above = row === 0 ? 0 : pixels[to + i - stride]!
      const corner = row === 0 || i < back ? 0 : pixels[to + i - stride - back]!
      const predicted =
        filter === 1
          ? left
          : filter === 2
            ? above
            : filter === 3
              ? (left + above) >> 1
              : filter === 4
                ? paeth(left, above, corner)
                : 0
      pixels[to + i] = (data[from + 1 + i]! + predicted) & 255
    }
  }
  return pixels
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? above : corner
}

function pictureOf(
  pixels: Buffer,
  columns: number,
  rows: number,
  type: number,
  channels: number,
  parts: ReadonlyMap<string, Buffer>,
): Picture {
  const count = columns * rows
  const colours = Buffer.alloc(count * 3)
  const palette = parts.get('PLTE')
  const clear = parts.get('tRNS')
  const hasAlpha = type === 4 || type === 6 || (type === 3 && clear !== undefined)
  const alpha = hasAlpha ? Buffer.alloc(count, 255) : null
  for (let i = 0; i < count; i++) {
    const at = i * channels
    if (type === 3) {
      const index = pixels[at]!
      for (let c = 0; c < 3; c++) colours[i * 3 + c] = palette?.[index * 3 + c] ?? 0
      if (alpha !== null) alpha[i] = clear?.[index] ?? 255
      continue
    }
    const isGrey = type === 0 || type === 4
    for (let c = 0; c < 3; c++) colours[i * 3 + c] = pixels[at + (isGrey ? 0 : c)]!
    if (alpha !== null) alpha[i] = pixels[at + channels - 1]!
  }
  return { columns, rows, colours, alpha }
}
