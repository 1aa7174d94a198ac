import { inflateSync } from 'node:zlib'

/** A PDF as a reader finds it by its table of objects: an independent check of the writer, by the letter of ISO 32000. */
export interface ReadPdf {
  /** The text of each object, and its stream if it has one. */
  readonly objects: ReadonlyMap<number, { readonly text: string; readonly stream: Buffer | null }>
  readonly pages: readonly { readonly text: string; readonly content: string }[]
}

export function readPdf(bytes: Buffer): ReadPdf {
  const end = bytes.toString('latin1', bytes.length - 64)
  const start = /startxref\n(\d+)\n%%EOF\n$/.exec(end)?.[1]
  if (start === undefined) throw new Error('the file does not end as a PDF')
  const table = objectAt(bytes, Number(start))
  if (table.stream === null) throw new Error('the table of objects is no stream')
  const size = Number(/\/Size (\d+)/.exec(table.text)?.[1])
  if (table.stream.length !== size * 9) throw new Error('the table of objects has another size')
  const objects = new Map<number, { text: string; stream: Buffer | null }>()
  const groups = new Map<number, Map<number, string>>()
  for (let ref = 1; ref < size; ref++) {
    const kind = table.stream[ref * 9]
    const place = table.stream.readUIntBE(ref * 9 + 1, 6)
    if (kind === 1) objects.set(ref, objectAt(bytes, place, ref))
    else if (kind === 2) {
      const group = groups.get(place) ?? groupOf(objectAt(bytes, offsetOf(table.stream, place), place))
      groups.set(place, group)
      const text = group.get(ref)
      if (text === undefined) throw new Error(`object ${ref} is not in its stream`)
      objects.set(ref, { text, stream: null })
    } else throw new Error(`object ${ref} is nowhere`)
  }
  return { objects, pages: pagesOf(objects) }
}

const offsetOf = (table: Buffer, ref: number): number => table.readUIntBE(ref * 9 + 1, 6)

function objectAt(bytes: Buffer, at: number, ref?: number): { text: string; stream: Buffer | null } {
  const head = bytes.toString('latin1', at, at + 4096)
  const [whole, number, dictionary] = /^(\d+) 0 obj\n(<<.*?>>)\nstream\n/s.exec(head) ?? []
  if (whole === undefined || dictionary === undefined || (ref !== undefined && Number(number) !== ref))
    throw new Error(`there is no object ${ref ?? ''} at ${at}`)
  const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1])
  const from = at + whole.length
  if (bytes.toString('latin1', from + length, from + length + 18) !== '\nendstream\nendobj\n')
    throw new Error(`the stream at ${at} has another length`)
  const content = bytes.subarray(from, from + length)
  return { text: dictionary, stream: dictionary.includes('/FlateDecode') ? inflateSync(content) : content }
}

function groupOf({ text, stream }: { text: string; stream: Buffer | null }): Map<number, string> {
  if (stream === null) throw new Error('an object stream is none')
  const first = Number(/\/First (\d+)/.exec(text)?.[1])
  const numbers = stream.toString('latin1', 0, first).trim().split(' ').map(Number)
  const group = new Map<number, string>()
  for (let i = 0; i < numbers.length; i += 2) {
    const next = numbers[i + 3]
    group.set(
      numbers[i]!,
      stream
        .toString('latin1', first + numbers[i + 1]!, next === undefined ? stream.length : first + next)
        .trim(),
    )
  }
  return group
}

function pagesOf(objects: ReadPdf['objects']): ReadPdf['pages'] {
  return [...objects.values()]
    .filter(({ text }) => text.startsWith('<</Type/Page/'))
    .map(({ text }) => {
      const contents = /\/Contents\[(\d+) 0 R (\d+) 0 R\]/.exec(text)?.slice(1).map(Number) ?? []
      return { text, content: contents.map((ref) => objects.get(ref)!.stream!.toString('latin1')).join('') }
    })
}
