import type { ReportDocument } from '../../document.ts'
import { UsedFaces } from './face-book.ts'
import { type PdfFile, pdfText, type Ref } from './file.ts'
import { type Colour, Page, type PageSize } from './page.ts'
import type { Structure } from './structure.ts'
import type { Style, Typesetter } from './typesetter.ts'

export const INK: Colour = '0.09 0.11 0.14'
export const MUTED: Colour = '0.36 0.4 0.45'
export const ACCENT: Colour = '0.11 0.31 0.49'
export const RULE: Colour = '0.87 0.89 0.91'
export const TINT: Colour = '0.955 0.963 0.972'

export const SANS = { family: 'sans', weight: 400 } as const
export const BOLD = { family: 'sans', weight: 600 } as const
export const MONO = { family: 'mono', weight: 400 } as const

/** Distances of the text from the edges of the paper, in points. */
export const MARGIN = { side: 48, top: 62, bottom: 54 }
const PAPERS: Readonly<Record<ReportDocument['paper'], PageSize>> = {
  a4: { width: 595.28, height: 841.89 },
  letter: { width: 612, height: 792 },
}
const FOOTER: Style = { ...SANS, size: 7.5 }

interface LeftPage {
  readonly ref: Ref
  readonly content: Ref
  readonly size: PageSize
}

interface Bookmark {
  readonly title: string
  readonly level: 1 | 2
  readonly page: Ref
  readonly top: number
}

/**
 * The pages, one after the other. A page is written when the next begins. Only then its content leaves the memory, so the foot with the number
 * of all pages is a second content of each page, and written at the end.
 */
export class Pages {
  readonly file: PdfFile
  readonly structure: Structure
  readonly type: Typesetter
  readonly faces = new UsedFaces()
  readonly #paper: PageSize
  readonly #head: { readonly left: string; readonly right: string }
  readonly #left: LeftPage[] = []
  readonly #bookmarks: Bookmark[] = []
  readonly #tree: Ref
  readonly #resources: Ref
  #page: Page | null = null
  #landscape = false
  /** Where the next thing is placed, from the top of the page. */
  y = 0

  constructor(
    file: PdfFile,
    structure: Structure,
    type: Typesetter,
    { paper, title, organisation, id }: ReportDocument,
  ) {
    this.file = file
    this.structure = structure
    this.type = type
    this.#paper = PAPERS[paper]
    this.#head = { left: organisation === null ? title : `${organisation.name}  \u00b7  ${title}`, right: id }
    this.#tree = file.reserve()
    this.#resources = file.reserve()
  }

  get page(): Page {
    if (this.#page === null) throw new Error('no page of the PDF has begun')
    return this.#page
  }

  get width(): number {
    return this.page.size.width - 2 * MARGIN.side
  }

  get bottom(): number {
    return this.page.size.height - MARGIN.bottom
  }

  /** Begins a page; in the direction of the last one unless told otherwise. */
  next(direction?: 'portrait' | 'landscape'): void {
    this.#leave()
    if (direction !== undefined) this.#landscape = direction === 'landscape'
    const { width, height } = this.#paper
    const size = this.#landscape ? { width: height, height: width } : this.#paper
    this.#page = new Page(this.file.reserve(), this.#left.length, size, this.faces)
    this.y = MARGIN.top
    if (this.#left.length > 0) this.#drawHead()
  }

  /** Begins a page unless this much room is left; whether it did. */
  need(height: number): boolean {
    if (this.y + height <= this.bottom) return false
    this.next()
    return true
  }

  /** A place of the outline, at the present height. */
  bookmark(title: string, level: 1 | 2): void {
    const { ref, size } = this.page
    this.#bookmarks.push({ title, level, page: ref, top: Math.round(size.height - this.y + 8) })
  }

  /** Writes what is left, and returns the references that the catalogue needs. */
  finish(): { tree: Ref; outline: Ref | null } {
    this.#leave()
    const count = this.#left.length
    for (const [index, { ref, content, size }] of this.#left.entries()) {
      const foot = this.file.stream('', this.#foot(ref, index, count, size))
      this.file.add(
        `<</Type/Page/Parent ${this.#tree} 0 R/MediaBox[0 0 ${size.width} ${size.height}]/Contents[${content} 0 R ${foot} 0 R]/Resources ${this.#resources} 0 R/StructParents ${index}/Tabs/S/Group<</S/Transparency/CS/DeviceRGB>>>>`,
        ref,
      )
    }
    const kids = this.#left.map(({ ref }) => `${ref} 0 R`).join(' ')
    this.file.add(`<</Type/Pages/Count ${count}/Kids[${kids}]>>`, this.#tree)
    return { tree: this.#tree, outline: this.#outline() }
  }

  /** After all that draws text: the fonts are complete. */
  embedResources(images: string): void {
    this.file.add(
      `<</Font${this.faces.embed(this.file)}${images === '' ? '' : `/XObject<<${images}>>`}>>`,
      this.#resources,
    )
  }

  #leave(): void {
    const page = this.#page
    if (page === null) return
    const content = this.file.stream('', Buffer.from(page.content, 'latin1'))
    this.structure.leave(page.index, page.marks)
    this.#left.push({ ref: page.ref, content, size: page.size })
    this.#page = null
  }

  #drawHead(): void {
    const { page } = this
    page.artifact('Header')
    const right = this.type.line(this.#head.right, FOOTER)
    const room = page.size.width - 2 * MARGIN.side - right.width - 20
    const [left] = this.type.lines(this.#head.left, FOOTER, room, 1)
    page.text(left!, MARGIN.side, 36, FOOTER.size, MUTED)
    page.text(right, page.size.width - MARGIN.side - right.width, 36, FOOTER.size, MUTED)
    page.rectangle(MARGIN.side, 43, page.size.width - 2 * MARGIN.side, 0.5, RULE)
    page.end()
  }

  #foot(ref: Ref, index: number, count: number, size: PageSize): string {
    const page = new Page(ref, index, size, this.faces)
    const text = this.type.line(`Page ${index + 1} of ${count}`, FOOTER)
    page.artifact('Footer')
    page.text(text, size.width - MARGIN.side - text.width, size.height - 30, FOOTER.size, MUTED)
    page.text(this.type.line('Made by Waybill', FOOTER), MARGIN.side, size.height - 30, FOOTER.size, MUTED)
    page.end()
    return page.content
  }

  #outline(): Ref | null {
    if (this.#bookmarks.length === 0) return null
    const root = this.file.reserve()
    const items = this.#bookmarks.map((bookmark) => ({ ...bookmark, ref: this.file.reserve() }))
    const groups: { head: (typeof items)[number]; below: typeof items }[] = []
    for (const item of items) {
      if (item.level === 1 || groups.length === 0) groups.push({ head: item, below: [] })
      else groups.at(-1)!.below.push(item)
    }
    const write = (list: typeof items, parent: Ref, more: (item: (typeof items)[number]) => string): void => {
      for (const [index, item] of list.entries()) {
        const before = index > 0 ? `/Prev ${list[index - 1]!.ref} 0 R` : ''
        const after = index < list.length - 1 ? `/Next ${list[index + 1]!.ref} 0 R` : ''
        this.file.add(
          `<</Title${pdfText(item.title)}/Parent ${parent} 0 R${before}${after}/Dest[${item.page} 0 R/XYZ 0 ${item.top} null]${more(item)}>>`,
          item.ref,
        )
      }
    }
    const heads = groups.map(({ head }) => head)
    write(heads, root, (item) => {
      const below = groups.find(({ head }) => head === item)?.below ?? []
      return below.length === 0
        ? ''
        : `/First ${below[0]!.ref} 0 R/Last ${below.at(-1)!.ref} 0 R/Count -${below.length}`
    })
    for (const { head, below } of groups) write(below, head.ref, () => '')
    return this.file.add(
      `<</Type/Outlines/First ${heads[0]!.ref} 0 R/Last ${heads.at(-1)!.ref} 0 R/Count ${heads.length}>>`,
      root,
    )
  }
}
