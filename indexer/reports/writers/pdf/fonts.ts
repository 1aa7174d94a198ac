import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as hb from 'harfbuzzjs'
import woff2 from 'wawoff2/build/decompress_binding.js'

/**
 * The fonts of a report: the Noto family under the SIL Open Font Licence, in the slices of code points that Fontsource publishes. A slice is
 * loaded when a text needs it, so a report without Chinese loads and embeds none of it.
 */
const require = createRequire(import.meta.url)

export type Weight = 400 | 600
export type Family = 'sans' | 'mono'

const PACKAGES = {
  sans: 'noto-sans',
  mono: 'noto-sans-mono',
  arabic: 'noto-sans-arabic',
  hebrew: 'noto-sans-hebrew',
  emoji: 'noto-emoji',
  sc: 'noto-sans-sc',
  jp: 'noto-sans-jp',
  kr: 'noto-sans-kr',
} as const
type PackageKey = keyof typeof PACKAGES

/** Han characters look different in the three languages. Kana and Hangul in the same text tell which is meant. */
export type Region = 'sc' | 'jp' | 'kr'
const REGIONS: Readonly<Record<Region, readonly PackageKey[]>> = {
  sc: ['sc', 'jp', 'kr'],
  jp: ['jp', 'sc', 'kr'],
  kr: ['kr', 'sc', 'jp'],
}

export interface Glyph {
  readonly id: number
  /** Of the UTF-16 text that was shaped. */
  readonly cluster: number
  /** In thousandths of the size. */
  readonly advance: number
  readonly dx: number
  readonly dy: number
}

const ASCII = 128
const UNKNOWN_KERN = 0x7fff

/** One slice in one weight. */
export class Face {
  readonly key: string
  readonly file: Uint8Array
  readonly weight: Weight
  readonly ascent: number
  readonly descent: number
  /** That of all faces of the family. */
  readonly capHeight = 714
  readonly #font: hb.Font
  readonly #advances = new Map<number, number>()
  /** Glyph and advance of each ASCII character, and the kerning of pairs, for most of all texts. */
  readonly asciiGlyphs = new Uint16Array(ASCII)
  readonly asciiAdvances = new Float64Array(ASCII)
  readonly #kerns = new Int16Array(ASCII * ASCII).fill(UNKNOWN_KERN)

  constructor(key: string, file: Uint8Array, face: hb.Face, weight: Weight) {
    this.key = key
    this.file = file
    this.weight = weight
    this.#font = new hb.Font(face)
    this.#font.setScale(1000, 1000)
    this.#font.setVariations([new hb.Variation('wght', weight)])
    const { ascender, descender } = this.#font.hExtents()
    this.ascent = ascender
    this.descent = descender
    for (let code = 32; code < 127; code++) {
      const glyph = this.#font.nominalGlyph(code) ?? 0
      this.asciiGlyphs[code] = glyph
      this.asciiAdvances[code] = this.advanceOf(glyph)
    }
  }

  has(code: number): boolean {
    return this.#font.nominalGlyph(code) !== undefined
  }

  advanceOf(glyph: number): number {
    let advance = this.#advances.get(glyph)
    if (advance === undefined) {
      advance = this.#font.glyphHAdvance(glyph)
      this.#advances.set(glyph, advance)
    }
    return advance
  }

  /** How much closer the second of two ASCII characters comes. */
  kern(first: number, second: number): number {
    const at = first * ASCII + second
    if (this.#kerns[at] === UNKNOWN_KERN) {
      const [glyph] = this.shape(String.fromCharCode(first, second), false)
      this.#kerns[at] = Math.round((glyph?.advance ?? 0) - this.asciiAdvances[first]!)
    }
    return this.#kerns[at]!
  }

  shape(text: string, rightToLeft: boolean): Glyph[] {
    buffer.reset()
    buffer.addText(text)
    buffer.guessSegmentProperties()
    buffer.setDirection(rightToLeft ? hb.Direction.RTL : hb.Direction.LTR)
    hb.shape(this.#font, buffer, FEATURES)
    return buffer.getGlyphInfosAndPositions().map((glyph) => ({
      id: glyph.codepoint,
      cluster: glyph.cluster,
      advance: glyph.xAdvance ?? 0,
      dx: glyph.xOffset ?? 0,
      dy: glyph.yOffset ?? 0,
    }))
  }
}

const buffer = new hb.Buffer()
/** A ligature would be one glyph of two characters that a reader may want to copy apart. */
const FEATURES = [new hb.Feature('liga', 0)]

interface Slice {
  readonly name: string
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** Finds the face that has a character, and loads it. */
export class Fonts {
  readonly #slices = new Map<PackageKey, readonly Slice[]>()
  readonly #files = new Map<string, { file: Uint8Array; face: hb.Face }>()
  readonly #faces = new Map<string, Face>()
  readonly #found = new Map<string, Face | null>()

  /** The slices that may be needed need a decoder in WebAssembly, which takes a moment to begin. */
  static async open(): Promise<Fonts> {
    await decoder
    return new Fonts()
  }

  /** The faces in use. */
  get faces(): Iterable<Face> {
    return this.#faces.values()
  }

  /** The face of plain text. */
  plain(family: Family, weight: Weight): Face {
    return this.#face(family, 'latin', weight)
  }

  /** The face that has all characters of a cluster; null if none has. */
  faceFor(cluster: string, family: Family, weight: Weight, region: Region): Face | null {
    const key = `${family}${weight}${region}${cluster}`
    const known = this.#found.get(key)
    if (known !== undefined) return known
    // Hostile events may have any number of different clusters.
    if (this.#found.size > 50_000) this.#found.clear()
    const found = this.#find(cluster, family, weight, region)
    this.#found.set(key, found)
    return found
  }

  #find(cluster: string, family: Family, weight: Weight, region: Region): Face | null {
    const codes = [...cluster].map((letter) => letter.codePointAt(0)!).filter((code) => !isJoiner(code))
    const [first] = codes
    if (first === undefined) return null
    // Emoji first, where the text asks for it: an asterisk is a letter, an asterisk with a variation selector is not.
    const order: PackageKey[] = [family, 'sans', 'arabic', 'hebrew', 'emoji', ...REGIONS[region]]
    if (cluster.includes('\ufe0f')) order.unshift('emoji')
    for (const key of order) {
      for (const slice of this.#slicesOf(key)) {
        if (!covers(slice, first)) continue
        const face = this.#face(key, slice.name, weight)
        if (codes.every((code) => face.has(code))) return face
      }
    }
    return null
  }

  #face(key: PackageKey, slice: string, weight: Weight): Face {
    const name = `${key}-${slice}-${weight}`
    let face = this.#faces.get(name)
    if (face === undefined) {
      const { file, face: shared } = this.#file(key, slice)
      face = new Face(name, file, shared, weight)
      this.#faces.set(name, face)
    }
    return face
  }

  #file(key: PackageKey, slice: string): { file: Uint8Array; face: hb.Face } {
    const name = `${key}-${slice}`
    let known = this.#files.get(name)
    if (known === undefined) {
      const path = `@fontsource-variable/${PACKAGES[key]}/files/${PACKAGES[key]}-${slice}-wght-normal.woff2`
      const decoded = woff2.decompress(readFileSync(require.resolve(path)))
      if (decoded === false) throw new Error(`${path} is no font`)
      // The decoder uses its memory again.
      const file = Uint8Array.from(decoded)
      known = { file, face: new hb.Face(new hb.Blob(file)) }
      this.#files.set(name, known)
    }
    return known
  }

  #slicesOf(key: PackageKey): readonly Slice[] {
    let slices = this.#slices.get(key)
    if (slices === undefined) {
      const path = require.resolve(`@fontsource-variable/${PACKAGES[key]}/unicode.json`)
      const ranges: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'))
      slices = Object.entries(ranges).map(([name, text]) => sliceOf(name.replace(/^\[(.*)\]$/, '$1'), text))
      this.#slices.set(key, slices)
    }
    return slices
  }
}

const decoder: Promise<void> = new Promise((resolve) => {
  if (woff2.calledRun === true) resolve()
  else woff2.onRuntimeInitialized = resolve
})

/** `U+0-FF,U+131`. */
function sliceOf(name: string, text: string): Slice {
  const ranges = text
    .split(',')
    .map((range) => range.trim().replace(/^U\+/i, '').split('-'))
    .map(([from = '', to = from]) => ({ from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }))
    .sort((a, b) => a.from - b.from)
  return { name, from: ranges.map(({ from }) => from), to: ranges.map(({ to }) => to) }
}

function covers({ from, to }: Slice, code: number): boolean {
  let low = 0
  let high = from.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (from[middle]! > code) high = middle - 1
    else if (to[middle]! < code) low = middle + 1
    else return true
  }
  return false
}

/** Characters within a cluster that choose its form and have none themselves. */
const isJoiner = (code: number): boolean =>
  code === 0x200c || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f)
