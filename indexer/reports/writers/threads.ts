import { rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { ReportFormat } from '../../../schema/api/index.ts'
import { isErrorCode, OperatorError, reasonOf } from '../../../schema/index.ts'
import type { ReportRow } from '../document.ts'
import type { Order, ToMain, ToThread, WriteRequest, WrittenFile } from './index.ts'

export interface Writers {
  /** Writes a file in a thread of its own. If it fails or is cancelled, no file is left. */
  write: (request: WriteRequest) => Promise<WrittenFile>
  /** Cancels what is being written, and resolves when its files are removed. */
  close: () => Promise<void>
}

/** A thread that does not stop by itself within this time is ended. */
const PATIENCE_MS = 10_000
/** Without a limit a thread that reads a million rows grows to several hundred megabytes before it collects. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 384 }
/** Formats that have whole events; the others have cells. The thread gets only what it writes. */
const OF_EVENTS: ReadonlySet<ReportFormat> = new Set(['json', 'ndjson'])

const THREAD = new URL(`./thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/** Writes files without keeping the indexer's main thread from its requests. */
export function openWriters({ module = THREAD }: { module?: URL } = {}): Writers {
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()
  return {
    write(request) {
      const signal = AbortSignal.any([request.signal, closing.signal])
      const writing = inThread({ ...request, signal }, module)
      running.add(writing)
      const done = (): void => void running.delete(writing)
      writing.then(done, done)
      return writing
    },
    async close() {
      closing.abort(new Error('the indexer is closing'))
      await Promise.allSettled(running)
    },
  }
}

async function inThread(request: WriteRequest, module: URL): Promise<WrittenFile> {
  const { signal, format, document, path } = request
  signal.throwIfAborted()
  const worker = new Worker(module, {
    name: 'report writer',
    workerData: { format, document, path } satisfies Order,
    resourceLimits: LIMITS,
  })
  const tell = (message: ToThread): void => worker.postMessage(message)
  const pages = request.rows[Symbol.asyncIterator]()
  let failure: unknown = null
  let patience: NodeJS.Timeout | undefined
  const stop = (reason: unknown): void => {
    failure ??= reason ?? new Error('cancelled')
    tell({ stop: true })
    patience ??= setTimeout(() => void worker.terminate(), PATIENCE_MS)
  }
  const abort = (): void => stop(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await new Promise<WrittenFile>((resolve, reject) => {
      let written: WrittenFile | null = null
      worker.on('message', (message: ToMain) => {
        if ('next' in message) {
          pages
            .next()
            .then(({ done, value }) => tell({ page: done === true ? null : lean(value, format) }), stop)
        } else if ('rows' in message) request.report(message.rows)
        else if ('written' in message) written = message.written
        else failure ??= errorOf(message.error)
      })
      worker.on('error', (error) => {
        failure ??= new Error(`the thread that writes ${path} failed: ${reasonOf(error)}`, { cause: error })
      })
      worker.on('exit', () => {
        if (failure !== null) reject(failure)
        else if (written !== null) resolve(written)
        else reject(new Error(`the thread that writes ${path} ended before it was done`))
      })
    })
  } catch (thrown) {
    // The thread removes its files, unless it ended before.
    for (const left of [path, `${path}.rows`]) rmSync(left, { force: true })
    throw thrown
  } finally {
    clearTimeout(patience)
    signal.removeEventListener('abort', abort)
    await pages.return?.()
  }
}

function lean(page: readonly ReportRow[], format: ReportFormat): readonly ReportRow[] {
  return OF_EVENTS.has(format)
    ? page.map(({ line }) => ({ cells: [], line }))
    : page.map(({ cells }) => ({ cells, line: '' }))
}

const errorOf = ({ name, message, code }: Extract<ToMain, { error: unknown }>['error']): Error =>
  name === 'OperatorError' && isErrorCode(code)
    ? new OperatorError(code, message)
    : Object.assign(new Error(message), { name })
