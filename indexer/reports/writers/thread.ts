import { parentPort, workerData } from 'node:worker_threads'
import { codeOf, reasonOf } from '../../../schema/index.ts'
import type { ReportRow, RowPages } from '../document.ts'
import type { Order, ToMain, ToThread } from './index.ts'
import { writeFile } from './write-file.ts'

/** The thread that writes one file: it asks for each page of rows, so no more than two are ever on their way. */
const port = parentPort
if (port === null) throw new Error('the writer of reports runs as a thread')
const tell = (message: ToMain): void => port.postMessage(message)
const { format, document, path } = workerData as Order

const stop = new AbortController()
let waiting = promised()

/** Nobody waits for it while a page is written, and somebody may cancel then. */
function promised(): PromiseWithResolvers<readonly ReportRow[] | null> {
  const made = Promise.withResolvers<readonly ReportRow[] | null>()
  made.promise.catch(() => {})
  return made
}

port.on('message', (message: ToThread) => {
  if ('stop' in message) {
    stop.abort(new Error('cancelled'))
    waiting.reject(stop.signal.reason)
  } else waiting.resolve(message.page)
})

async function* pages(): RowPages {
  const ask = (): void => {
    waiting = promised()
    tell({ next: true })
  }
  ask()
  for (;;) {
    const page = await waiting.promise
    if (page === null) return
    stop.signal.throwIfAborted()
    ask()
    yield page
  }
}

try {
  const report = (rows: number): void => tell({ rows })
  tell({ written: await writeFile({ format, document, rows: pages(), path, signal: stop.signal, report }) })
} catch (thrown) {
  const { name, message } = thrown instanceof Error ? thrown : new Error(reasonOf(thrown))
  tell({ error: { name, message, code: codeOf(thrown) } })
}
port.close()
