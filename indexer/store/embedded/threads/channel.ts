import { type MessagePort, Worker } from 'node:worker_threads'
import { codeOf, isErrorCode, OperatorError, reasonOf } from '../../../../schema/index.ts'
import { CancelledError, StoreFullError, StoreUnavailableError } from '../../port.ts'

/** Questions and answers between the main thread and the store's threads. */
export type Calls = Record<string, { ask: unknown; answer: unknown }>

interface Question {
  readonly id: number
  readonly call: string
  readonly ask: unknown
  /** Its first number is 1 when nobody waits for the answer any more; null if that can't happen. */
  readonly cancelled: Int32Array | null
}
type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ThrownInThread }

interface ThrownInThread {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
}

const KNOWN_ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  CancelledError,
  StoreFullError,
  StoreUnavailableError,
}

/** Buffers arrive as plain byte arrays on the other side of a thread. */
export const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export interface ThreadOptions {
  readonly name: string
  readonly data: unknown
  readonly youngMb: number
  readonly oldMb: number
  readonly onEvent?: (event: unknown) => void
}

/** A thread of the store, as the main thread sees it. */
export class Thread<Known extends Calls> {
  readonly #worker: Worker
  readonly #waiting = new Map<
    number,
    { resolve: (answer: unknown) => void; reject: (error: Error) => void }
  >()
  readonly #name: string
  #next = 1
  #ended: Error | null = null
  readonly #exited: Promise<void>

  constructor(module: URL, options: ThreadOptions) {
    this.#name = options.name
    this.#worker = new Worker(module, {
      name: options.name,
      workerData: options.data,
      // Without a limit, a worker's young generation grows to several hundred MB under such a load.
      resourceLimits: { maxYoungGenerationSizeMb: options.youngMb, maxOldGenerationSizeMb: options.oldMb },
    })
    this.#worker.on('message', (message: Answer | { event: unknown }) => {
      if ('event' in message) {
        options.onEvent?.(message.event)
        return
      }
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (this.#waiting.size === 0) this.#worker.unref()
      if ('error' in message) waiting?.reject(errorOf(message.error))
      else waiting?.resolve(message.answer)
    })
    this.#worker.on('error', (error: unknown) => this.#end(error))
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#end(new StoreUnavailableError(`the store's ${this.#name} has ended`))
        resolve()
      })
    })
  }

  ask<Call extends keyof Known & string>(
    call: Call,
    ask: Known[Call]['ask'],
    { transfer = [], gone }: { transfer?: readonly ArrayBuffer[]; gone?: AbortSignal | undefined } = {},
  ): Promise<Known[Call]['answer']> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (gone?.aborted === true) return Promise.reject(new CancelledError())
    const id = this.#next++
    // A thread that works reads no messages, but it can look at memory that is shared with it.
    const cancelled = gone === undefined ? null : new Int32Array(new SharedArrayBuffer(4))
    const cancel = (): void => {
      if (cancelled !== null) Atomics.store(cancelled, 0, 1)
    }
    gone?.addEventListener('abort', cancel)
    const answer = new Promise<Known[Call]['answer']>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as Known[Call]['answer']), reject })
      this.#worker.ref()
      this.#worker.postMessage({ id, call, ask, cancelled } satisfies Question, transfer)
    })
    return answer.finally(() => gone?.removeEventListener('abort', cancel))
  }

  /** The number of unanswered questions. */
  get load(): number {
    return this.#waiting.size
  }

  /** Why the thread no longer answers; null while it does. */
  get ended(): string | null {
    return this.#ended === null ? null : this.#ended.message
  }

  /** Resolves when the thread has come to its end. */
  exit(): Promise<void> {
    this.#worker.ref()
    return this.#exited
  }

  #end(error: unknown): void {
    this.#ended ??= new StoreUnavailableError(`the store's ${this.#name} has ended: ${reasonOf(error)}`)
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

const errorOf = ({ name, message, code }: ThrownInThread): Error => {
  if (name === 'OperatorError' && isErrorCode(code)) return new OperatorError(code, message)
  const known = KNOWN_ERRORS[name]
  return known === undefined ? Object.assign(new Error(message), { name }) : new known(message)
}

export type Handlers<Known extends Calls> = {
  readonly [Call in keyof Known]: (
    ask: Known[Call]['ask'],
    /** Throws if nobody waits for the answer any more. */
    demandWanted: () => void,
  ) => Promise<Known[Call]['answer']> | Known[Call]['answer']
}

/** Answers the main thread's questions. */
export function serve<Known extends Calls>(port: MessagePort, handlers: Handlers<Known>): void {
  port.on('message', async ({ id, call, ask, cancelled }: Question) => {
    const demandWanted = (): void => {
      if (cancelled !== null && Atomics.load(cancelled, 0) === 1) throw new CancelledError()
    }
    try {
      demandWanted()
      const answer = await handlers[call]!(ask, demandWanted)
      port.postMessage({ id, answer } satisfies Answer)
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(reasonOf(thrown))
      port.postMessage({
        id,
        error: { name: error.name, message: error.message, code: codeOf(error) },
      } satisfies Answer)
    }
  })
}
