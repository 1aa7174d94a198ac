import bidiFactory, { type Bidi } from 'bidi-js'
import {
  type Face,
  type Family,
  type Fonts,
  type Glyph,
  isJoiner,
  type Region,
  type Weight,
} from './fonts.ts'
import { escaped, isPlain, visible } from './visible.ts'

export interface Style {
  readonly family: Family
  readonly weight: Weight
  readonly size: number
}

/** Text in one face and one direction. Its glyphs are null for ASCII, whose glyphs follow from the text. */
export interface Run {
  readonly face: Face
  readonly text: string
  readonly rightToLeft: boolean
  readonly glyphs: readonly Glyph[] | null
  /** In thousandths of the size. */
  readonly width: number
}

/** Runs in the order of the page, from left to right. */
export interface Line {
  readonly runs: readonly Run[]
  /** In points. */
  readonly width: number
}

const MANY = 20_000
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const KANA = /[\u3040-\u30ff\u31f0-\u31ff]/
const HANGUL = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]/
/** Places at which a line may end: after white space, after some punctuation, and beside a character of East Asia. */
const PARTS =
  /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60\u{20000}-\u{3ffff}]|\s+|(?:[^\s\-/,;:_.&?=@|\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60\u{20000}-\u{3ffff}]+[-/,;:_.&?=@|]*|[-/,;:_.&?=@|]+)/gu

// Its types describe its ES module, in which the function is `default`; Node takes the CommonJS one.
const bidi = (bidiFactory as object as () => Bidi)()
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Makes lines of glyphs out of texts. */
export class Typesetter {
  readonly #fonts: Fonts
  readonly #shaped = new Map<string, readonly Run[]>()

  constructor(fonts: Fonts) {
    this.#fonts = fonts
  }

  /** Distance from the top of a line of letters to its base line. */
  ascent({ family, weight, size }: Style): number {
    return (this.#fonts.plain(family, weight).capHeight * size) / 1000
  }

  width(text: string, style: Style): number {
    return (this.#width(visible(text), style) * style.size) / 1000
  }

  line(text: string, style: Style): Line {
    return this.#lineOf(visible(text).replaceAll('\n', ' '), style)
  }

  /** The text in lines of this width; what is beyond `most` lines is left out, with a mark. */
  lines(text: string, style: Style, width: number, most = Number.POSITIVE_INFINITY): Line[] {
    const shown = visible(text)
    const room = (width * 1000) / style.size
    if (isPlain(shown) && this.#width(shown, style) <= room) return [this.#lineOf(shown, style)]
    const texts: string[] = []
    for (const paragraph of shown.split('\n')) {
      this.#fill(paragraph, style, room, texts)
      if (texts.length > most) break
    }
    if (texts.length > most) {
      texts.length = most
      texts[most - 1] = this.#marked(texts[most - 1]!, style, room)
    }
    return texts.map((one) => this.#lineOf(one, style))
  }

  #fill(paragraph: string, style: Style, room: number, into: string[]): void {
    let line = ''
    let used = 0
    const end = (): void => {
      into.push(line.trimEnd())
      line = ''
      used = 0
    }
    for (const part of paragraph.match(PARTS) ?? []) {
      const width = this.#width(part, style)
      if (used + width <= room || (part.trim() === '' && line !== '')) {
        line += part
        used += width
        continue
      }
      if (part.trim() === '') continue
      if (width <= room) {
        end()
        line = part
        used = width
        continue
      }
      for (const { segment } of graphemes.segment(part)) {
        const one = this.#width(segment, style)
        if (used + one > room && line !== '') end()
        line += segment
        used += one
      }
    }
    end()
  }

  #marked(text: string, style: Style, room: number): string {
    const letters = [...graphemes.segment(text)].map(({ segment }) => segment)
    const mark = this.#width('\u2026', style)
    while (letters.length > 0 && this.#width(letters.join(''), style) + mark > room) letters.pop()
    return `${letters.join('')}\u2026`
  }

  /** In thousandths of the size. */
  #width(text: string, style: Style): number {
    if (isPlain(text)) return asciiWidth(text, this.#fonts.plain(style.family, style.weight))
    return this.#runsOf(text, style).reduce((sum, { width }) => sum + width, 0)
  }

  #lineOf(text: string, style: Style): Line {
    if (isPlain(text)) {
      const face = this.#fonts.plain(style.family, style.weight)
      const width = asciiWidth(text, face)
      return {
        runs: [{ face, text, rightToLeft: false, glyphs: null, width }],
        width: (width * style.size) / 1000,
      }
    }
    const runs = this.#runsOf(text, style)
    return { runs, width: (runs.reduce((sum, { width }) => sum + width, 0) * style.size) / 1000 }
  }

  #runsOf(text: string, style: Style): readonly Run[] {
    const key = `${style.family}${style.weight}${text}`
    const known = this.#shaped.get(key)
    if (known !== undefined) return known
    const runs = this.#shape(text, style)
    if (this.#shaped.size >= MANY) this.#shaped.clear()
    this.#shaped.set(key, runs)
    return runs
  }

  #shape(text: string, { family, weight }: Style): readonly Run[] {
    const region: Region = KANA.test(text) ? 'jp' : HANGUL.test(text) ? 'kr' : 'sc'
    const plain = this.#fonts.plain(family, weight)
    const pieces: { face: Face; text: string }[] = []
    for (const { segment } of graphemes.segment(text)) {
      const found = isPlain(segment) ? plain : this.#fonts.faceFor(segment, family, weight, region)
      if (found !== null) pieces.push({ face: found, text: segment })
      else this.#apart(segment, family, weight, region, pieces)
    }
    const whole = pieces.map((piece) => piece.text).join('')
    const levels = RIGHT_TO_LEFT.test(whole) ? bidi.getEmbeddingLevels(whole, 'auto').levels : null
    return ordered(stretches(pieces, levels)).map(({ face, text: part, level }) => {
      const rightToLeft = level % 2 === 1
      if (isPlain(part) && !rightToLeft)
        return { face, text: part, rightToLeft, glyphs: null, width: asciiWidth(part, face) }
      const glyphs = face.shape(part, rightToLeft)
      return {
        face,
        text: part,
        rightToLeft,
        glyphs,
        width: glyphs.reduce((sum, { advance }) => sum + advance, 0),
      }
    })
  }

  /** A cluster that no font has as a whole: its characters one by one, and an escape for each that no font has. */
  #apart(
    cluster: string,
    family: Family,
    weight: Weight,
    region: Region,
    into: { face: Face; text: string }[],
  ): void {
    const plain = this.#fonts.plain(family, weight)
    for (const letter of cluster) {
      const found = isJoiner(letter.codePointAt(0)!)
        ? null
        : this.#fonts.faceFor(letter, family, weight, region)
      if (found === null) into.push({ face: plain, text: escaped(letter) })
      else into.push({ face: found, text: letter })
    }
  }
}

export function asciiWidth(text: string, face: Face): number {
  let width = 0
  let before = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (before !== 0) width += face.kern(before, code)
    width += face.asciiAdvances[code]!
    before = code
  }
  return width
}

interface Stretch {
  readonly face: Face
  text: string
  readonly level: number
}

/** Neighbours of one face and one level, which are shaped together. */
function stretches(pieces: readonly { face: Face; text: string }[], levels: Uint8Array | null): Stretch[] {
  const found: Stretch[] = []
  let at = 0
  for (const { face, text } of pieces) {
    const level = levels?.[at] ?? 0
    const last = found.at(-1)
    if (last !== undefined && last.face === face && last.level === level) last.text += text
    else found.push({ face, text, level })
    at += text.length
  }
  return found
}

/** Rule L2 of the Unicode Bidirectional Algorithm: from the highest level to the lowest odd one, reverse what is at it or above. */
function ordered(runs: readonly Stretch[]): readonly Stretch[] {
  const highest = runs.reduce((most, { level }) => Math.max(most, level), 0)
  const result = [...runs]
  for (let level = highest; level > 0; level--) {
    for (let first = 0; first < result.length; first++) {
      if (result[first]!.level < level) continue
      let end = first
      while (end < result.length && result[end]!.level >= level) end++
      result.splice(first, end - first, ...result.slice(first, end).reverse())
      first = end
    }
  }
  return result
}
