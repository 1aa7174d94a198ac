import { type PdfFile, pdfNumber, pdfText, type Ref } from './file.ts'
import type { Page } from './page.ts'

/** The kinds of elements that a report has, as ISO 32000 names them. */
export type Kind =
  | 'Document'
  | 'Sect'
  | 'H1'
  | 'H2'
  | 'H3'
  | 'P'
  | 'L'
  | 'LI'
  | 'LBody'
  | 'Table'
  | 'THead'
  | 'TBody'
  | 'TR'
  | 'TH'
  | 'TD'
  | 'Figure'
  | 'Caption'
  | 'Code'

/** An element of the tree that tells programs what the marks of a page mean. */
export interface Element {
  readonly ref: Ref
  readonly kind: Kind
  readonly parent: Ref
  readonly extra: string
  /** Numbers of marks of the first page, marks of others, and elements. */
  readonly kids: string[]
  page: Page | null
}

/**
 * The structure tree. An element is written when it is complete, and only its number is kept by its parent: 20,000 rows have 200,000
 * elements.
 */
export class Structure {
  readonly #file: PdfFile
  readonly #root: Ref
  readonly #marks: string[] = []
  readonly document: Element

  constructor(file: PdfFile) {
    this.#file = file
    this.#root = file.reserve()
    this.document = this.#made('Document', this.#root, '')
  }

  begin(kind: Kind, parent: Element, figure?: { alt: string; box: readonly number[] }): Element {
    const extra =
      figure === undefined
        ? ''
        : `/Alt${pdfText(figure.alt)}/A<</O/Layout/Placement/Block/BBox[${figure.box.map(pdfNumber).join(' ')}]>>`
    const element = this.#made(kind, parent.ref, extra)
    parent.kids.push(`${element.ref} 0 R`)
    return element
  }

  /** An element with one mark, complete at once; returns the number of the mark. */
  leaf(kind: Kind, parent: Element, page: Page): number {
    const ref = this.#file.reserve()
    parent.kids.push(`${ref} 0 R`)
    const mark = page.mark(ref)
    const scope = kind === 'TH' ? '/A<</O/Table/Scope/Column>>' : ''
    this.#file.add(`<</S/${kind}/P ${parent.ref} 0 R/Pg ${page.ref} 0 R/K ${mark}${scope}>>`, ref)
    return mark
  }

  /** A further mark of an element, which may be on another page than those before. */
  mark(element: Element, page: Page): number {
    const mark = page.mark(element.ref)
    element.page ??= page
    element.kids.push(element.page === page ? String(mark) : `<</Type/MCR/Pg ${page.ref} 0 R/MCID ${mark}>>`)
    return mark
  }

  end({ ref, kind, parent, extra, kids, page }: Element): void {
    const on = page === null ? '' : `/Pg ${page.ref} 0 R`
    this.#file.add(`<</S/${kind}/P ${parent} 0 R${on}/K[${kids.join(' ')}]${extra}>>`, ref)
  }

  /** The marks of a page that is complete: to which element each belongs. */
  leave(index: number, elements: readonly Ref[]): void {
    const ref = this.#file.add(`[${elements.map((element) => `${element} 0 R`).join(' ')}]`)
    this.#marks.push(`${index} ${ref} 0 R`)
  }

  finish(): Ref {
    this.end(this.document)
    const marks = this.#file.add(`<</Nums[${this.#marks.join(' ')}]>>`)
    return this.#file.add(
      `<</Type/StructTreeRoot/K ${this.document.ref} 0 R/ParentTree ${marks} 0 R/ParentTreeNextKey ${this.#marks.length}>>`,
      this.#root,
    )
  }

  #made(kind: Kind, parent: Ref, extra: string): Element {
    return { ref: this.#file.reserve(), kind, parent, extra, kids: [], page: null }
  }
}
