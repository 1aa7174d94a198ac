import { pdfNumber, pdfText, type Ref } from './file.ts'
import type { Face } from './fonts.ts'
import type { Line, Run } from './typesetter.ts'

export interface PageSize {
  readonly width: number
  readonly height: number
}

/** Red, green and blue, 0 to 1, as a PDF has them. */
export type Colour = `${number} ${number} ${number}`

/** The faces of a file, each with a name and the glyphs that are used. */
export interface FaceBook {
  use: (face: Face) => UsedFace
}

export interface UsedFace {
  readonly name: string
  readonly face: Face
  /** The hexadecimal number of the glyph of each ASCII character. */
  readonly ascii: readonly string[]
  readonly usedAscii: Uint8Array
  /** The text of each glyph. */
  readonly texts: Map<number, string>
}

/** One page while it is drawn. Places are measured in points from its top left corner. */
export class Page {
  readonly ref: Ref
  readonly index: number
  readonly size: PageSize
  readonly marks: Ref[] = []
  readonly #faces: FaceBook
  #content = ''
  #fill = ''

  constructor(ref: Ref, index: number, size: PageSize, faces: FaceBook) {
    this.ref = ref
    this.index = index
    this.size = size
    this.#faces = faces
  }

  get content(): string {
    return this.#content
  }

  /** A number for content of this element. */
  mark(element: Ref): number {
    return this.marks.push(element) - 1
  }

  begin(tag: string, mark: number): void {
    this.#content += `/${tag}<</MCID ${mark}>>BDC\n`
  }

  /** What repeats or decorates, which no program reads aloud. */
  artifact(kind: 'Layout' | 'Header' | 'Footer' = 'Layout'): void {
    this.#content +=
      kind === 'Layout'
        ? '/Artifact<</Type/Layout>>BDC\n'
        : `/Artifact<</Type/Pagination/Subtype/${kind}>>BDC\n`
  }

  end(): void {
    this.#content += 'EMC\n'
  }

  /** A line of text; `y` is its base line. */
  text({ runs }: Line, x: number, y: number, size: number, colour: Colour): void {
    this.#colour(colour)
    let content = `BT 1 0 0 1 ${pdfNumber(x)} ${this.#y(y)} Tm\n`
    for (const run of runs) content += this.#run(run, size)
    this.#content += `${content}ET\n`
  }

  rectangle(x: number, y: number, width: number, height: number, colour: Colour): void {
    this.#colour(colour)
    this.#content += `${pdfNumber(x)} ${this.#y(y + height)} ${pdfNumber(width)} ${pdfNumber(height)} re f\n`
  }

  /** An image of the resources, stretched over this area. */
  image(name: string, x: number, y: number, width: number, height: number): void {
    const matrix = `${pdfNumber(width)} 0 0 ${pdfNumber(height)} ${pdfNumber(x)} ${this.#y(y + height)}`
    this.#content += `q ${matrix} cm /${name} Do Q\n`
  }

  #y(y: number): string {
    return pdfNumber(this.size.height - y)
  }

  #colour(colour: Colour): void {
    if (colour === this.#fill) return
    this.#fill = colour
    this.#content += `${colour} rg\n`
  }

  #run(run: Run, size: number): string {
    const used = this.#faces.use(run.face)
    const font = `/${used.name} ${pdfNumber(size)} Tf`
    if (run.glyphs === null) return `${font} ${asciiOperator(run.text, used)}\n`
    const { operators, exact } = shapedOperators(run, used, size)
    // A reader copies the text as it was written, not as its letters lie.
    return exact && !run.rightToLeft
      ? `${font} ${operators}`
      : `/Span<</ActualText${pdfText(run.text)}>>BDC\n${font} ${operators}EMC\n`
  }
}

function asciiOperator(text: string, { face, ascii, usedAscii }: UsedFace): string {
  let hex = ''
  let kerned = false
  let before = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    usedAscii[code] = 1
    const kern = before === 0 ? 0 : face.kern(before, code)
    if (kern !== 0) {
      hex += `>${-kern}<`
      kerned = true
    }
    hex += ascii[code]
    before = code
  }
  return kerned ? `[<${hex}>]TJ` : `<${hex}>Tj`
}

/** Whether each glyph alone has the text that it has in this place is `exact`. */
function shapedOperators(
  { glyphs, text }: Run,
  used: UsedFace,
  size: number,
): { operators: string; exact: boolean } {
  const ends = clusterEnds(glyphs ?? [], text.length)
  let exact = true
  let operators = ''
  let array = ''
  let rise = 0
  let previous = -1
  const flush = (): void => {
    if (array !== '') operators += `[${array}]TJ\n`
    array = ''
  }
  for (const { id, cluster, advance, dx, dy } of glyphs ?? []) {
    const own = cluster === previous ? '\ufffd' : text.slice(cluster, ends.get(cluster))
    previous = cluster
    const known = used.texts.get(id)
    if (known === undefined) used.texts.set(id, own)
    if (own === '\ufffd' || (known !== undefined && known !== own)) exact = false
    if (dy !== rise) {
      flush()
      operators += `${pdfNumber((dy * size) / 1000)} Ts\n`
      rise = dy
    }
    if (dx !== 0) array += `${-dx} `
    array += `<${hex4(id)}>`
    const after = dx - advance + used.face.advanceOf(id)
    if (after !== 0) array += `${after} `
  }
  flush()
  if (rise !== 0) operators += '0 Ts\n'
  return { operators, exact }
}

/** Where the text of each cluster ends. */
function clusterEnds(glyphs: NonNullable<Run['glyphs']>, length: number): ReadonlyMap<number, number> {
  const starts = [...new Set(glyphs.map(({ cluster }) => cluster))].sort((a, b) => a - b)
  return new Map(starts.map((start, index) => [start, starts[index + 1] ?? length]))
}

export const hex4 = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0')
