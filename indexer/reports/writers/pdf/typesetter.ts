import bidiFactory, { type Bidi } from 'bidi-js'
import { escaped, isPlain, visible } from '../visible.ts'
import type { Face, Family, Fonts, Glyph, Region, Weight } from './fonts.ts'

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

  width(text: string, style: Style): number {
    return (this.#width(this.#shown(text, style), style) * style.size) / 1000
  }

  line(text: string, style: Style): Line {
    return this.#lineOf(this.#shown(text, style).replaceAll('\n', ' '), style)
  }

  /** The text in lines of this width; what is beyond `most` lines is left out, with a mark in its place. */
  lines(text: string, style: Style, width: number, most = Number.POSITIVE_INFINITY, mark = '\u2026'): Line[] {
    const shown = this.#shown(text, style)
    const room = (width * 1000) / style.size
    if (isPlain(shown) && this.#width(shown, style) <= room) return [this.#lineOf(shown, style)]
    const texts: string[] = []
    for (const paragraph of shown.split('\n')) {
      this.#fill(paragraph, style, room, texts)
      if (texts.length > most) break
    }
    if (texts.length > most) {
      texts.length = most
      const last = this.#marked(texts.pop()!, mark, style, room)
      // A narrow column has no room for the mark beside a letter.
      this.#fill(last, style, room, texts)
    }
    return texts.map((one) => this.#lineOf(one, style))
  }

  /** The text with an escape for each character that no font has, before lines are broken: an escape may be longer than a line. */
  #shown(text: string, { family, weight }: Style): string {
    const whole = visible(text)
    if (isPlain(whole)) return whole
    const region = regionOf(whole)
    let shown = ''
    for (const { segment } of graphemes.segment(whole)) {
      const isKnown = segment === '\n' || isPlain(segment)
      if (isKnown || this.#fonts.faceFor(segment, family, weight, region) !== null) shown += segment
      else
        for (const letter of segment)
          shown += this.#knows(letter, family, weight, region) ? letter : escaped(letter)
    }
    return shown
  }

  #knows(letter: string, family: Family, weight: Weight, region: Region): boolean {
    return isPlain(letter) || this.#fonts.faceFor(letter, family, weight, region) !== null
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

  #marked(text: string, mark: string, style: Style, room: number): string {
    const letters = [...graphemes.segment(text)].map(({ segment }) => segment)
    while (letters.length > 0 && this.#width(letters.join('') + mark, style) > room) letters.pop()
    return letters.join('') + mark
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
    const region = regionOf(text)
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

  /** A cluster of characters that are in different fonts. */
  #apart(
    cluster: string,
    family: Family,
    weight: Weight,
    region: Region,
    into: { face: Face; text: string }[],
  ): void {
    const plain = this.#fonts.plain(family, weight)
    for (const letter of cluster) {
      const face = isPlain(letter) ? plain : this.#fonts.faceFor(letter, family, weight, region)
      // Taken out of the text before, unless escapes beside it made another cluster of it.
      if (face === null) into.push({ face: plain, text: escaped(letter) })
      else into.push({ face, text: letter })
    }
  }
}

const regionOf = (text: string): Region => (KANA.test(text) ? 'jp' : HANGUL.test(text) ? 'kr' : 'sc')

function asciiWidth(text: string, face: Face): number {
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
