import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../../../config/index.ts'
import { S3Client } from '../s3/client.ts'
import type { S3Config } from '../settings.ts'

/** A real S3 server with versions and Object Lock (versitygw), as a Go module. */
const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/versitygw', import.meta.url))

/** Builds the server if it is not there; returns why there is none. */
export function serverProgram(): { readonly program: string } | { readonly why: string } {
  const given = process.env.WAYBILL_VERSITYGW
  if (given !== undefined) return { program: given }
  const program = join(CACHE, 'versitygw')
  if (existsSync(program)) return { program }
  if (spawnSync('go', ['version']).status !== 0)
    return { why: 'the archive was not tested on S3: there is no Go to build the server with' }
  mkdirSync(CACHE, { recursive: true })
  try {
    execFileSync('go', ['install', MODULE], { env: { ...process.env, GOBIN: CACHE }, stdio: 'pipe' })
  } catch {
    return { why: `the archive was not tested on S3: ${MODULE} could not be built` }
  }
  return { program }
}

const ACCESS = 'waybill-test'
const SECRET = 'waybill-test-secret'

export class S3Server {
  readonly endpoint: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(endpoint: string, child: ChildProcess, folder: string) {
    this.endpoint = endpoint
    this.#child = child
    this.#folder = folder
  }

  static async start(program: string): Promise<S3Server> {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-s3-'))
    for (const name of ['data', 'versions', 'sidecar']) mkdirSync(join(folder, name))
    const port = await freePort()
    const child = spawn(
      program,
      [
        ...['--access', ACCESS, '--secret', SECRET, '--port', `127.0.0.1:${port}`, '--quiet'],
        ...['posix', '--versioning-dir', join(folder, 'versions'), '--sidecar', join(folder, 'sidecar')],
        join(folder, 'data'),
      ],
      { stdio: 'ignore' },
    )
    const server = new S3Server(`http://127.0.0.1:${port}`, child, folder)
    for (let n = 0; ; n++) {
      try {
        await fetch(server.endpoint)
        return server
      } catch (thrown) {
        if (n === 200) throw thrown
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  config(bucket: string, own: Partial<S3Config> = {}): S3Config {
    return {
      bucket,
      prefix: 'waybill/',
      region: 'us-east-1',
      endpoint: this.endpoint,
      'access-key-id': new Secret(ACCESS),
      'secret-access-key': new Secret(SECRET),
      lock: 'compliance',
      encryption: 'none',
      ...own,
    }
  }

  client(bucket: string): S3Client {
    return new S3Client(this.config(bucket), Date.now, null)
  }

  async makeBucket(bucket: string, { locks }: { readonly locks: boolean }): Promise<void> {
    const client = this.client(bucket)
    await client.ask({
      method: 'PUT',
      headers: locks ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {},
    })
    await client.close()
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill()
    await ended
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
