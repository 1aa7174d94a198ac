import { isRecord } from '../../../../schema/index.ts'
import { MalformedMessage } from './protobuf.ts'
import {
  type Attributes,
  DEEPEST,
  integerValue,
  type LogGroup,
  type LogRecord,
  numberValue,
  TooDeep,
  type Value,
} from './record.ts'

/** The groups of an `ExportLogsServiceRequest` in OTLP's JSON: ids in hex, numbers of 64 bits as texts, enumerations as numbers. */
export function groupsOfJson(bytes: Buffer): LogGroup[] {
  let request: unknown
  try {
    request = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new MalformedMessage('the body is not JSON')
  }
  if (!isRecord(request)) throw new MalformedMessage('the body is not a JSON object')
  return listIn(request, 'resourceLogs').flatMap((resourceLogs) => {
    const resource = attributesIn(objectIn(resourceLogs, 'resource'))
    return listIn(resourceLogs, 'scopeLogs').map((scopeLogs) => groupOf(resource, scopeLogs))
  })
}

function groupOf(resource: Attributes, scopeLogs: Members): LogGroup {
  const scope = objectIn(scopeLogs, 'scope')
  const records: LogRecord[] = []
  let rejected = 0
  for (const record of listIn(scopeLogs, 'logRecords')) {
    try {
      records.push(logRecord(record))
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error
      rejected++
    }
  }
  const named = { name: textIn(scope, 'name'), version: textIn(scope, 'version') }
  return { resource, scope: { ...named, attributes: attributesIn(scope) }, records, rejected }
}

type Members = Readonly<Record<string, unknown>>

function listIn(object: Members, name: string): Members[] {
  const value = object[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every(isRecord))
    throw new MalformedMessage(`${name} is not a list of objects`)
  return value
}

function objectIn(object: Members, name: string): Members {
  const value = object[name]
  if (value === undefined || value === null) return {}
  if (!isRecord(value)) throw new MalformedMessage(`${name} is not an object`)
  return value
}

function textIn(object: Members, name: string): string {
  const value = object[name]
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new MalformedMessage(`${name} is not a text`)
  return value
}

function wholeIn(object: Members, name: string): bigint {
  const value = object[name] ?? 0
  const text = String(value)
  if ((typeof value !== 'string' && typeof value !== 'number') || !/^-?\d{1,20}$/.test(text))
    throw new MalformedMessage(`${name} is not a whole number`)
  return BigInt(text)
}

const attributesIn = (object: Members): Attributes =>
  Object.fromEntries(listIn(object, 'attributes').map((one) => keyValue(one, 0)))

const keyValue = (one: Members, depth: number): [string, Value] => [
  textIn(one, 'key'),
  anyValue(objectIn(one, 'value'), depth + 1),
]

function anyValue(value: Members, depth: number): Value {
  if (depth > DEEPEST) throw new TooDeep()
  for (const [kind, inner] of Object.entries(value)) {
    switch (kind) {
      case 'stringValue':
      case 'bytesValue':
        return textIn(value, kind)
      case 'boolValue':
        return inner === true
      case 'intValue':
        return integerValue(wholeIn(value, kind))
      case 'doubleValue':
        return typeof inner === 'number' ? numberValue(inner) : textIn(value, kind)
      case 'arrayValue':
        return listIn(objectIn(value, kind), 'values').map((item) => anyValue(item, depth + 1))
      case 'kvlistValue':
        return Object.fromEntries(listIn(objectIn(value, kind), 'values').map((one) => keyValue(one, depth)))
    }
  }
  return null
}

function logRecord(record: Members): LogRecord {
  return {
    time: BigInt.asUintN(64, wholeIn(record, 'timeUnixNano')),
    observed: BigInt.asUintN(64, wholeIn(record, 'observedTimeUnixNano')),
    severityNumber: Number(wholeIn(record, 'severityNumber')),
    severityText: textIn(record, 'severityText'),
    eventName: textIn(record, 'eventName'),
    body: anyValue(objectIn(record, 'body'), 0),
    attributes: attributesIn(record),
    traceId: textIn(record, 'traceId'),
    spanId: textIn(record, 'spanId'),
  }
}
