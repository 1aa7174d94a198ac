import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inject } from 'vitest'

export type Meets = (
  request: IncomingMessage,
  pass: () => Promise<void>,
  response: ServerResponse,
) => Promise<void>

/** A connection to the cluster on which a test can delay or lose requests and answers. */
export class Way {
  readonly #server: Server
  meets: Meets = (_, pass) => pass()

  private constructor() {
    this.#server = createServer((asked, response) => {
      const body: Buffer[] = []
      asked.on('data', (chunk: Buffer) => body.push(chunk))
      asked.on('end', () => {
        const pass = () => passOn(asked, Buffer.concat(body), response)
        this.meets(asked, pass, response).catch(() => response.destroy())
      })
    })
  }

  static async open(): Promise<Way> {
    const way = new Way()
    await new Promise<void>((resolve) => way.#server.listen(0, '127.0.0.1', resolve))
    return way
  }

  get node(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The next bulk request reaches the cluster; its answer is lost. */
  loseNextBulkAnswer(): void {
    this.meets = async (asked, pass, response) => {
      if (!asked.url?.startsWith('/_bulk')) return pass()
      this.meets = (_, go) => go()
      await passOnAndForget(asked, pass, response)
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

async function passOn(asked: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const { url: target } = inject('engine')
  await new Promise<void>((resolve, reject) => {
    const { host: _, ...headers } = asked.headers
    const going = request(
      new URL(asked.url ?? '/', target),
      { method: asked.method ?? 'GET', headers, agent: false },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          if (!response.destroyed)
            response.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts))
          resolve()
        })
        answer.on('error', reject)
      },
    )
    going.on('error', reject)
    if (body.length > 0) going.end(body)
    else going.end()
  })
}

async function passOnAndForget(
  _asked: IncomingMessage,
  pass: () => Promise<void>,
  response: ServerResponse,
): Promise<void> {
  response.end = () => response.destroy()
  await pass()
}
