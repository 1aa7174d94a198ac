import type { Secret } from '../../../../config/index.ts'
import { type Answer, type Body, type Door, type Head, jsonAnswer, Refused } from '../door.ts'
import { expectToken } from '../token.ts'
import { groupsOfJson } from './from-json.ts'
import { groupsOfProtobuf } from './from-protobuf.ts'
import { field, MalformedMessage } from './protobuf.ts'
import { type LogGroup, takenFrom } from './record.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

/** OTLP's logs by HTTP. Traces and metrics are not taken. */
export class OtlpDoor implements Door {
  readonly #tokens: readonly Secret[]

  constructor(tokens: readonly Secret[]) {
    this.#tokens = tokens
  }

  admit(head: Head): Answer | null {
    this.expectToken(head.headers)
    if (head.path !== '/v1/logs')
      throw new Refused(404, 'The agent takes logs, by POST /v1/logs. Send traces and metrics elsewhere.')
    if (head.method !== 'POST')
      throw new Refused(405, `${head.method} is not possible here. Send logs by POST.`)
    if (typeOf(head) === null)
      throw new Refused(415, `The content-type is neither ${PROTOBUF} nor ${JSON_TYPE}. Send one of them.`)
    return null
  }

  expectToken(headers: Head['headers']): void {
    expectToken(headers, this.#tokens)
  }

  async answer(head: Head, { bytes, store }: Body): Promise<Answer> {
    const isJson = typeOf(head) === JSON_TYPE
    const rejected = await stored(bytes, isJson ? groupsOfJson : groupsOfProtobuf, store)
    if (!isJson) return { status: 200, headers: { 'content-type': PROTOBUF }, body: resultOf(rejected) }
    if (rejected === 0) return jsonAnswer(200, {})
    return jsonAnswer(200, {
      partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: TOO_DEEP },
    })
  }

  refusal({ status, message }: Refused, head: Head): Answer {
    const code = CODES[status] ?? CODE.internal
    return typeOf(head) === PROTOBUF
      ? { status, headers: { 'content-type': PROTOBUF }, body: statusOf(code, message) }
      : jsonAnswer(status, { code, message })
  }
}

/** Codes of gRPC. */
export const CODE = {
  ok: 0,
  invalid: 3,
  exhausted: 8,
  unimplemented: 12,
  internal: 13,
  unauthenticated: 16,
} as const

/** The code for a refusal that HTTP has another number for. */
export const CODES: Readonly<Record<number, number>> = {
  400: CODE.invalid,
  401: CODE.unauthenticated,
  404: CODE.unimplemented,
  405: CODE.unimplemented,
  413: CODE.invalid,
  415: CODE.invalid,
  429: CODE.exhausted,
}

const TOO_DEEP = 'The values of these records are nested too deeply.'

function typeOf({ headers }: Head): typeof PROTOBUF | typeof JSON_TYPE | null {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  return type === PROTOBUF || type === JSON_TYPE ? type : null
}

/** Stores the records of a request; returns the number of those that can't be. */
export async function stored(
  bytes: Buffer,
  read: (bytes: Buffer) => LogGroup[],
  store: Body['store'],
): Promise<number> {
  const groups = readBy(read, bytes)
  await store(groups.flatMap(takenFrom).map((record) => ({ ...record, route: '' })))
  return groups.reduce((sum, { rejected }) => sum + rejected, 0)
}

function readBy(read: (bytes: Buffer) => LogGroup[], bytes: Buffer): LogGroup[] {
  try {
    return read(bytes)
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error
    throw new Refused(400, `The request is no export of logs by OTLP: ${error.message}.`)
  }
}

/** An `ExportLogsServiceResponse`. */
export const resultOf = (rejected: number): Buffer =>
  rejected === 0 ? Buffer.alloc(0) : field(1, Buffer.concat([field(1, rejected), field(2, TOO_DEEP)]))

/** A `google.rpc.Status`; with the seconds after which to come again, as a `RetryInfo`. */
export function statusOf(code: number, message: string, retryAfter: number | null = null): Buffer {
  const retry =
    retryAfter === null
      ? []
      : [
          field(
            3,
            Buffer.concat([
              field(1, 'type.googleapis.com/google.rpc.RetryInfo'),
              field(2, field(1, field(1, retryAfter))),
            ]),
          ),
        ]
  return Buffer.concat([field(1, code), field(2, message), ...retry])
}
