import { deflateSync } from 'node:zlib'
import type { Output } from '../output.ts'

/** The number of an object. */
export type Ref = number

/** As many objects are compressed together: a table of 20,000 rows is 200,000 objects of 50 bytes. */
const OBJECTS_PER_STREAM = 200
/** Comments between objects: pieces begin there, so that they are found again in the file. */
export const PIECE_MARK = '\n%waybill piece: '

/**
 * The objects of a PDF 1.7, written as they come. It remembers only where each object is: twelve bytes an object, so a report of 500 tagged
 * pages needs a few megabytes.
 */
export class PdfFile {
  readonly #output: Output
  /** Offset of each object; or, negative, its object stream and its place there. */
  #places = new Float64Array(4096)
  #count = 1
  #group: { ref: Ref; body: string }[] = []
  #piece: string | null = null

  constructor(output: Output) {
    this.#output = output
    // The comment of bytes above 127 tells programs that the file is binary.
    output.bytes(Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1'))
  }

  /** A number for an object that is written later. */
  reserve(): Ref {
    if (this.#count === this.#places.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#places)
      this.#places = larger
    }
    return this.#count++
  }

  add(body: string, ref = this.reserve()): Ref {
    this.#group.push({ ref, body })
    if (this.#group.length === OBJECTS_PER_STREAM) this.#writeGroup()
    return ref
  }

  /** A stream, compressed; `entries` are those of its dictionary. */
  stream(entries: string, content: Uint8Array | string, ref = this.reserve()): Ref {
    const bytes = deflateSync(content)
    this.#begin(ref, `${entries}/Filter/FlateDecode/Length ${bytes.length}`)
    this.#output.bytes(bytes)
    this.#end()
    return ref
  }

  /** A stream whose bytes are already as its dictionary says. */
  raw(entries: string, length: number, write: (output: Output) => void, ref = this.reserve()): Ref {
    this.#begin(ref, `${entries}/Length ${length}`)
    const before = this.#output.length
    write(this.#output)
    if (this.#output.length - before !== length) throw new Error('a stream of the PDF has another length')
    this.#end()
    return ref
  }

  /** Begins a piece of the file; what was begun before ends. */
  piece(is: string): void {
    this.#writeGroup()
    if (this.#piece !== null) this.#output.cut(this.#piece)
    this.#piece = is
    this.#output.text(`${PIECE_MARK.slice(1)}${is}\n`)
  }

  /** Writes the table of all objects. */
  finish(root: Ref, id: string): void {
    this.#writeGroup()
    const ref = this.reserve()
    this.#places[ref] = this.#output.length
    const bytes = deflateSync(this.#table())
    const at = this.#output.length
    this.#output.text(
      `${ref} 0 obj\n<</Type/XRef/Size ${this.#count}/Root ${root} 0 R/ID[<${id}><${id}>]/W[1 6 2]/Filter/FlateDecode/Length ${bytes.length}>>\nstream\n`,
    )
    this.#output.bytes(bytes)
    this.#output.text(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF\n`)
    if (this.#piece !== null) this.#output.cut(this.#piece)
  }

  #table(): Buffer {
    const table = Buffer.alloc(this.#count * 9)
    // Object 0 heads the list of free objects.
    table.writeUInt16BE(0xffff, 7)
    for (let ref = 1; ref < this.#count; ref++) {
      const place = this.#places[ref]!
      if (place === 0) throw new Error(`object ${ref} of the PDF was not written`)
      const at = ref * 9
      const inStream = place < 0
      table[at] = inStream ? 2 : 1
      table.writeUIntBE(inStream ? Math.floor(-place / OBJECTS_PER_STREAM) : place, at + 1, 6)
      table.writeUInt16BE(inStream ? -place % OBJECTS_PER_STREAM : 0, at + 7)
    }
    return table
  }

  #writeGroup(): void {
    const group = this.#group
    if (group.length === 0) return
    this.#group = []
    const ref = this.reserve()
    let heads = ''
    let bodies = ''
    for (const [index, { ref: member, body }] of group.entries()) {
      // Bodies are Latin-1 only: a unit is a byte.
      heads += `${member} ${bodies.length} `
      bodies += `${body}\n`
      this.#places[member] = -(ref * OBJECTS_PER_STREAM + index)
    }
    const content = Buffer.from(heads + bodies, 'latin1')
    this.stream(`/Type/ObjStm/N ${group.length}/First ${heads.length}`, content, ref)
  }

  #begin(ref: Ref, entries: string): void {
    this.#places[ref] = this.#output.length
    this.#output.text(`${ref} 0 obj\n<<${entries}>>\nstream\n`)
  }

  #end(): void {
    this.#output.text('\nendstream\nendobj\n')
  }
}

/** A text of a dictionary: UTF-16 in hex, so that nothing in it can end it. */
export function pdfText(text: string): string {
  const whole = text.toWellFormed()
  return /^[\x20-\x7e]*$/.test(whole)
    ? `(${whole.replace(/[\\()]/g, '\\$&')})`
    : `<FEFF${Buffer.from(whole, 'utf16le').swap16().toString('hex').toUpperCase()}>`
}

/** A number as short as it may be. */
export const pdfNumber = (value: number): string => {
  const rounded = Math.round(value * 1000) / 1000
  return Object.is(rounded, -0) ? '0' : String(rounded)
}

export const pdfDate = (at: number): string =>
  `(D:${new Date(at).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z)`
