import { Reader } from './protobuf.ts'
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

/** The groups of an `ExportLogsServiceRequest` (opentelemetry-proto 1). Unknown fields are skipped, as the encoding asks for. */
export function groupsOfProtobuf(bytes: Buffer): LogGroup[] {
  const groups: LogGroup[] = []
  const request = new Reader(bytes)
  while (request.next()) {
    if (request.number === 1 && request.wire === 2) groups.push(...resourceLogs(request.bytes()))
    else request.skip()
  }
  return groups
}

function resourceLogs(bytes: Buffer): LogGroup[] {
  let resource: Attributes = {}
  const scopes: Buffer[] = []
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === 1 && message.wire === 2) resource = attributesIn(message.bytes(), 1)
    else if (message.number === 2 && message.wire === 2) scopes.push(message.bytes())
    else message.skip()
  }
  return scopes.map((scope) => scopeLogs(resource, scope))
}

function scopeLogs(resource: Attributes, bytes: Buffer): LogGroup {
  let scope: LogGroup['scope'] = { name: '', version: '', attributes: {} }
  const records: LogRecord[] = []
  let rejected = 0
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === 1 && message.wire === 2) scope = scopeOf(message.bytes())
    else if (message.number === 2 && message.wire === 2) {
      const record = message.bytes()
      try {
        records.push(logRecord(record))
      } catch (error) {
        if (!(error instanceof TooDeep)) throw error
        rejected++
      }
    } else message.skip()
  }
  return { resource, scope, records, rejected }
}

function scopeOf(bytes: Buffer): LogGroup['scope'] {
  let name = ''
  let version = ''
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === 1 && message.wire === 2) name = message.text()
    else if (message.number === 2 && message.wire === 2) version = message.text()
    else message.skip()
  }
  return { name, version, attributes: attributesIn(bytes, 3) }
}

/** The attributes in a message: a list of names with values, in this field. */
function attributesIn(bytes: Buffer, number: number): Attributes {
  const found: [string, Value][] = []
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === number && message.wire === 2) found.push(keyValue(message.bytes(), 0))
    else message.skip()
  }
  return Object.fromEntries(found)
}

function keyValue(bytes: Buffer, depth: number): [string, Value] {
  let key = ''
  let value: Value = null
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === 1 && message.wire === 2) key = message.text()
    else if (message.number === 2 && message.wire === 2) value = anyValue(message.bytes(), depth + 1)
    else message.skip()
  }
  return [key, value]
}

function anyValue(bytes: Buffer, depth: number): Value {
  if (depth > DEEPEST) throw new TooDeep()
  let value: Value = null
  const message = new Reader(bytes)
  while (message.next()) {
    switch ((message.number << 3) | message.wire) {
      case (1 << 3) | 2:
        value = message.text()
        break
      case (2 << 3) | 0:
        value = message.varint() !== 0n
        break
      case (3 << 3) | 0:
        value = integerValue(message.varint())
        break
      case (4 << 3) | 1:
        value = numberValue(message.double())
        break
      case (5 << 3) | 2:
        value = listOf(message.bytes(), (item) => anyValue(item, depth + 1))
        break
      case (6 << 3) | 2:
        value = Object.fromEntries(listOf(message.bytes(), (item) => keyValue(item, depth)))
        break
      case (7 << 3) | 2:
        value = message.bytes().toString('base64')
        break
      default:
        message.skip()
    }
  }
  return value
}

function listOf<Item>(bytes: Buffer, read: (item: Buffer) => Item): Item[] {
  const items: Item[] = []
  const message = new Reader(bytes)
  while (message.next()) {
    if (message.number === 1 && message.wire === 2) items.push(read(message.bytes()))
    else message.skip()
  }
  return items
}

function logRecord(bytes: Buffer): LogRecord {
  const record = {
    ...{ time: 0n, observed: 0n, severityNumber: 0, severityText: '', eventName: '' },
    ...{ body: null as Value, traceId: '', spanId: '' },
  }
  const message = new Reader(bytes)
  while (message.next()) {
    switch ((message.number << 3) | message.wire) {
      case (1 << 3) | 1:
        record.time = message.fixed64()
        break
      case (11 << 3) | 1:
        record.observed = message.fixed64()
        break
      case (2 << 3) | 0:
        record.severityNumber = Number(BigInt.asIntN(32, message.varint()))
        break
      case (3 << 3) | 2:
        record.severityText = message.text()
        break
      case (5 << 3) | 2:
        record.body = anyValue(message.bytes(), 0)
        break
      case (9 << 3) | 2:
        record.traceId = message.bytes().toString('hex')
        break
      case (10 << 3) | 2:
        record.spanId = message.bytes().toString('hex')
        break
      case (12 << 3) | 2:
        record.eventName = message.text()
        break
      default:
        message.skip()
    }
  }
  return { ...record, attributes: attributesIn(bytes, 6) }
}
