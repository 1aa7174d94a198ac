/** A part of a file: bytes from `from`, up to and without `to`. */
export interface Part {
  readonly from: number
  readonly to: number
}

/**
 * The part of a file that a request asks for (RFC 9110, 14): null is all of it, also where the header is not understood, names several
 * ranges, or is about another version of the file; `outside` is a range that the file does not have.
 */
export function partOf(
  size: number,
  etag: string,
  headers: { readonly range?: string | undefined; readonly ifRange?: string | undefined },
): Part | 'outside' | null {
  const { range, ifRange } = headers
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return null
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'outside' : { from: size - length, to: size }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return null
  if (from >= size) return 'outside'
  return { from, to: last === '' ? size : Math.min(Number(last) + 1, size) }
}
