import { isRecord } from '../../../../schema/index.ts'
import type { Taken } from '../door.ts'

/** A value of OTLP as JSON has it. */
export type Value = null | string | number | boolean | readonly Value[] | { readonly [name: string]: Value }
export type Attributes = { readonly [name: string]: Value }

/** A log record of OTLP, whichever way it was encoded. Times are nanoseconds since 1970; 0 for none. */
export interface LogRecord {
  readonly time: bigint
  readonly observed: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly eventName: string
  readonly body: Value
  readonly attributes: Attributes
  /** In hex. */
  readonly traceId: string
  readonly spanId: string
}

/** Log records with what they have in common. */
export interface LogGroup {
  readonly resource: Attributes
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: Attributes }
  readonly records: readonly LogRecord[]
  /** The number of records that are nested too deeply. */
  readonly rejected: number
}

/** Deeper values are no log records. */
export const DEEPEST = 32
export class TooDeep extends Error {}

/** OTLP's conventions have one attribute by which a source identifies a record. */
const UID = 'log.record.uid'
const MOST_UID = 512

/** The form in which records go to the journal: one JSON object each, which the integration `opentelemetry` reads. */
export function takenFrom({ resource, scope, records }: LogGroup): Omit<Taken, 'route'>[] {
  const origin = nested(resource)
  return records.map((record) => {
    const { time, observed, severityNumber, severityText, eventName, body, attributes, ...ids } = record
    const said = {
      ...(time !== 0n && { time: isoOf(time) }),
      ...(observed !== 0n && { observed_time: isoOf(observed) }),
      ...(severityText !== '' && { severity_text: severityText }),
      ...(severityNumber !== 0 && { severity_number: severityNumber }),
      ...(eventName !== '' && { event_name: eventName }),
      ...(body !== null && { body }),
      attributes: nested(attributes),
      resource: origin,
      scope: {
        name: scope.name,
        ...(scope.version !== '' && { version: scope.version }),
        ...nested(scope.attributes),
      },
      ...(ids.traceId !== '' && { trace_id: ids.traceId }),
      ...(ids.spanId !== '' && { span_id: ids.spanId }),
    }
    const uid = attributes[UID]
    const isKey = typeof uid === 'string' && /^[\x21-\x7e]+$/.test(uid) && uid.length <= MOST_UID
    return { bytes: Buffer.from(JSON.stringify(said)), key: isKey ? [UID, uid] : [] }
  })
}

const NANOSECONDS = 1_000_000_000n
/** The last second that a date can have. */
const LATEST = 8_640_000_000_000n

/** ISO 8601 with all nanoseconds that are there. */
function isoOf(time: bigint): string {
  const seconds = time / NANOSECONDS
  if (seconds > LATEST) return String(time)
  const fraction = String(time % NANOSECONDS)
    .padStart(9, '0')
    .replace(/(\d{3})0+$/, '$1')
  return new Date(Number(seconds) * 1000).toISOString().replace('000Z', `${fraction}Z`)
}

/** Attributes by the parts of their names: `user.id` becomes a member of `user`. One that has no place so keeps its whole name. */
function nested(attributes: Attributes): Attributes {
  const tree: Record<string, unknown> = Object.create(null)
  // The short ones come first: they leave no place below them.
  const entries = Object.entries(attributes).sort(([a], [b]) => a.split('.').length - b.split('.').length)
  for (const [name, value] of entries) if (!placed(tree, name, value)) tree[name] = value
  return tree as Attributes
}

function placed(tree: Record<string, unknown>, name: string, value: Value): boolean {
  const parts = name.split('.')
  const last = parts.pop() ?? ''
  if (parts.length > DEEPEST) return false
  let at = tree
  for (const part of parts) {
    const inner = at[part] ?? Object.create(null)
    if (!isRecord(inner) || part === '') return false
    at[part] = inner
    at = inner as Record<string, unknown>
  }
  if (last === '' || at[last] !== undefined) return false
  at[last] = value
  return true
}

/** A number as JSON has it: a text if a double does not hold it. */
export const numberValue = (value: number): Value => (Number.isFinite(value) ? value : String(value))
export const integerValue = (value: bigint): Value => {
  const signed = BigInt.asIntN(64, value)
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : String(signed)
}
