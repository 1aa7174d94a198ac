import { createHash } from 'node:crypto'
import type { PdfFile, Ref } from './file.ts'
import type { Face } from './fonts.ts'
import { type FaceBook, hex4, type UsedFace } from './page.ts'
import { subsetOf } from './subsetter.ts'

/** The faces that a file uses. At its end each is embedded, reduced to the glyphs that occur. */
export class UsedFaces implements FaceBook {
  readonly #used = new Map<Face, UsedFace>()

  use(face: Face): UsedFace {
    let used = this.#used.get(face)
    if (used === undefined) {
      const ascii = Array.from(face.asciiGlyphs, hex4)
      used = {
        name: `F${this.#used.size + 1}`,
        face,
        ascii,
        usedAscii: new Uint8Array(128),
        texts: new Map(),
      }
      this.#used.set(face, used)
    }
    return used
  }

  /** The dictionary of fonts that all pages share. */
  embed(file: PdfFile): string {
    const entries = [...this.#used.values()].map((used) => `/${used.name} ${embedded(file, used)} 0 R`)
    return `<<${entries.join('')}>>`
  }
}

function embedded(file: PdfFile, { face, usedAscii, texts }: UsedFace): Ref {
  const glyphs = new Map(texts)
  for (let code = 32; code < 127; code++) {
    if (usedAscii[code] === 1) glyphs.set(face.asciiGlyphs[code]!, String.fromCharCode(code))
  }
  const ids = [...glyphs.keys()].sort((a, b) => a - b)
  const subset = subsetOf(face.file, face.weight, ids)
  const name = `${tagOf(subset)}+Noto-${face.key.replace(/[^a-zA-Z0-9-]/g, '')}`
  const program = file.stream(`/Length1 ${subset.length}`, subset)
  const box = boxOf(subset)
  const descriptor = file.add(
    `<</Type/FontDescriptor/FontName/${name}/Flags 4/FontBBox[${box.join(' ')}]/ItalicAngle 0/Ascent ${face.ascent}/Descent ${face.descent}/CapHeight ${face.capHeight}/StemV ${face.weight === 600 ? 120 : 80}/FontFile2 ${program} 0 R>>`,
  )
  const widths = ids.map((id) => `${id}[${face.advanceOf(id)}]`).join('')
  const descendant = file.add(
    `<</Type/Font/Subtype/CIDFontType2/BaseFont/${name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ${descriptor} 0 R/DW 1000/W[${widths}]/CIDToGIDMap/Identity>>`,
  )
  const unicode = file.stream('', unicodeMap(glyphs))
  return file.add(
    `<</Type/Font/Subtype/Type0/BaseFont/${name}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${unicode} 0 R>>`,
  )
}

/** Six capitals before the name of a font of which only a part is there. */
function tagOf(subset: Uint8Array): string {
  const digest = createHash('sha256').update(subset).digest()
  return Array.from(digest.subarray(0, 6), (byte) => String.fromCharCode(65 + (byte % 26))).join('')
}

/** The corners of all glyphs, from the font's table `head`. */
function boxOf(font: Uint8Array): number[] {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength)
  for (let i = 0; i < view.getUint16(4); i++) {
    const at = 12 + i * 16
    if (view.getUint32(at) === 0x68656164) {
      const head = view.getUint32(at + 8)
      return [36, 38, 40, 42].map((place) => view.getInt16(head + place))
    }
  }
  throw new Error('a font has no head')
}

const MAPPINGS_PER_BLOCK = 100

/** What text each glyph is, for programs that search, copy or read aloud. */
function unicodeMap(glyphs: ReadonlyMap<number, string>): string {
  const lines = [...glyphs].map(
    ([id, text]) =>
      `<${hex4(id)}><${Buffer.from(text.toWellFormed(), 'utf16le').swap16().toString('hex').toUpperCase()}>`,
  )
  let blocks = ''
  for (let first = 0; first < lines.length; first += MAPPINGS_PER_BLOCK) {
    const block = lines.slice(first, first + MAPPINGS_PER_BLOCK)
    blocks += `${block.length} beginbfchar\n${block.join('\n')}\nendbfchar\n`
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
${blocks}endcmap
CMapName currentdict /CMap defineresource pop
end
end
`
}
