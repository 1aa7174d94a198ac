import { once } from 'node:events'
import { closeSync, createWriteStream, openSync, readSync, rmSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createDeflate, type Deflate } from 'node:zlib'
import { fullDisk, type Output } from '../output.ts'
import { type PdfFile, pdfDate, pdfText, type Ref } from './file.ts'

export const ROWS_NAME = 'events.csv'
export const PROOF_NAME = 'waybill-proof.json'
/** Room for the proof, which is written into the finished file. */
const PROOF_BYTES = 24 * 1024

/** The rows as CSV, compressed into a file beside the report while they come: there may be more than the memory holds. */
export class SpooledRows {
  readonly #path: string
  readonly #deflate: Deflate = createDeflate({ level: 6 })
  readonly #done: Promise<void>
  #text = ''
  /** Bytes before compression. */
  #bytes = 0

  constructor(path: string) {
    this.#path = `${path}.rows`
    this.#done = pipeline(this.#deflate, createWriteStream(this.#path, { mode: 0o600 }))
    // A failure is thrown where somebody waits for it.
    this.#done.catch(() => {})
  }

  add(text: string): void {
    this.#text += text
  }

  /** Hands on what was added, and waits while the disk is slower than the rows. */
  async drain(): Promise<void> {
    if (this.#text === '') return
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    this.#bytes += bytes.length
    if (this.#deflate.write(bytes)) return
    await Promise.race([once(this.#deflate, 'drain'), this.#done])
    await this.#checked(Promise.resolve())
  }

  /** Writes it into the PDF as an embedded file. */
  async embed(file: PdfFile, at: number): Promise<Ref> {
    await this.drain()
    this.#deflate.end()
    await this.#checked(this.#done)
    const { size } = statSync(this.#path)
    const entries = `/Type/EmbeddedFile/Subtype/text#2Fcsv/Params<</ModDate${pdfDate(at)}/Size ${this.#bytes}>>/Filter/FlateDecode`
    const stream = file.raw(entries, size, (output) => copy(this.#path, output))
    await this.remove()
    return fileSpec(file, stream, ROWS_NAME, 'Data', 'The events of the report, all columns in full.')
  }

  async remove(): Promise<void> {
    this.#deflate.destroy()
    // The file may be opened only now.
    await this.#done.catch(() => {})
    rmSync(this.#path, { force: true })
  }

  async #checked(wait: Promise<void>): Promise<void> {
    try {
      await wait
    } catch (thrown) {
      throw fullDisk(thrown, this.#path)
    }
  }
}

function copy(path: string, output: Output): void {
  const file = openSync(path, 'r')
  const buffer = Buffer.allocUnsafe(256 * 1024)
  try {
    for (;;) {
      const count = readSync(file, buffer)
      if (count === 0) return
      output.bytes(buffer.subarray(0, count))
    }
  } finally {
    closeSync(file)
  }
}

/** An embedded file of spaces, which belong to no hash: the proof is written over them. */
export function embedProofRoom(
  file: PdfFile,
  at: number,
): { spec: Ref; room: { offset: number; length: number } } {
  let room = { offset: 0, length: 0 }
  const entries = `/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</ModDate${pdfDate(at)}/Size ${PROOF_BYTES}>>`
  const stream = file.raw(entries, PROOF_BYTES, (output) => {
    room = output.room(PROOF_BYTES)
  })
  const about = 'The signed proof of this file. `waybill reports verify` checks it.'
  return { spec: fileSpec(file, stream, PROOF_NAME, 'Supplement', about), room }
}

function fileSpec(file: PdfFile, stream: Ref, name: string, relationship: string, about: string): Ref {
  return file.add(
    `<</Type/Filespec/F${pdfText(name)}/UF${pdfText(name)}/AFRelationship/${relationship}/Desc${pdfText(about)}/EF<</F ${stream} 0 R/UF ${stream} 0 R>>>>`,
  )
}
