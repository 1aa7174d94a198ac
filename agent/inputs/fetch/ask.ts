import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'

export interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Asks a server; rejects if it does not answer. Tests supply another one. */
export type Ask = (url: URL, asked: Asked) => Promise<Answered>

/** A larger answer is not one page of records. */
const MOST_BYTES = 64 * 1024 * 1024
const TIMEOUT_MS = 60_000

/** Loaded on demand: an agent that fetches nothing uses less memory without it. */
const https = (): typeof import('node:https') => process.getBuiltinModule('node:https')

/** One request, without following redirects: credentials go to the server that the settings name, and to no other. */
export const ask: Ask = (url, { method = 'GET', headers, body }) =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? https().request : plainRequest
    const request = send(url, {
      method,
      headers: { 'user-agent': 'waybill-agent', ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      let length = 0
      response.on('error', reject)
      response.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > MOST_BYTES) response.destroy(new Error(`the answer has more than ${MOST_BYTES} bytes`))
        else pieces.push(piece)
      })
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces, length),
        })
      })
    })
    request.end(body)
  })
