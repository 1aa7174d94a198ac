import type { IncomingMessage } from 'node:http'
import { pipeline, type Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { codeOf } from '../../../schema/index.ts'
import type { Budget } from '../journal/index.ts'
import { Refused } from './door.ts'

/** The largest body, as it came and unpacked. */
export const MOST_BYTES: number = 16 * 1024 * 1024

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
}

/** A body and the memory that it takes, which the caller gives back. */
export interface ReadBody {
  readonly bytes: Buffer
  release(): void
}

/**
 * Reads and unpacks a body. Each piece is paid for as it comes, so that neither an announced length nor a small archive of a huge text
 * takes memory that is not there.
 */
export async function readBody(request: IncomingMessage, memory: Budget): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge()
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  const decoder = encoding === 'identity' || encoding === '' ? null : DECODERS[encoding]?.()
  if (decoder === undefined) {
    throw new Refused(
      415,
      `The body has the content-encoding ${encoding.slice(0, 64)}. Send it as gzip, deflate, zstd or plain.`,
    )
  }
  const pieces: Buffer[] = []
  let length = 0
  const release = (): void => memory.give(length)
  try {
    const stream = decoder === null ? request : pipeline(request, decoder, () => {})
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (length + piece.length > MOST_BYTES) throw tooLarge()
      if (!memory.take(piece.length))
        throw new Refused(429, 'Too many requests are being read. Send it again.', 1)
      pieces.push(piece)
      length += piece.length
    }
  } catch (error) {
    release()
    if (decoder === null || error instanceof Refused || codeOf(error) === 'ECONNRESET') throw error
    throw new Refused(400, `The body is not ${encoding}, as its content-encoding says.`)
  }
  return { bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length), release }
}

const tooLarge = (): Refused =>
  new Refused(
    413,
    `The body has more than ${MOST_BYTES} bytes, packed or unpacked. Send fewer records at a time.`,
  )
