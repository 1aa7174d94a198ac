import { isRecord } from '../../../../schema/index.ts'

/** The actions of `_bulk`; an audit trail takes new records only. */
export type Action = 'create' | 'index' | 'update' | 'delete'

export interface BulkItem {
  readonly action: Action
  readonly index: string
  readonly id: string | null
  /** The record; null for what has none. */
  readonly source: Buffer | null
  /** Why this item is not taken; null if it is. */
  readonly fault: { readonly type: string; readonly reason: string } | null
}

const LF = 0x0a
const ACTIONS: readonly string[] = ['create', 'index', 'update', 'delete'] satisfies Action[]
const MOST_INDEX = 255
const MOST_ID = 512
/** Control characters, of which each would take six bytes in the journal. */
const CONTROL = /[\x00-\x1f\x7f]/

/** A body that is no bulk request: nothing of it is taken. */
export class MalformedBulk extends Error {}

/** The items of a `_bulk` body: lines of JSON, an action and mostly its record. `index` is the one in the path of the request. */
export function itemsOf(body: Buffer, index: string | null): BulkItem[] {
  const items: BulkItem[] = []
  let line = 0
  let at = 0
  const next = (): Buffer | null => {
    if (at >= body.length) return null
    const newline = body.indexOf(LF, at)
    const end = newline === -1 ? body.length : newline
    const found = body.subarray(at, end)
    at = end + 1
    line += 1
    return found.at(-1) === 0x0d ? found.subarray(0, -1) : found
  }
  for (let text = next(); text !== null; text = next()) {
    if (text.length === 0) continue
    items.push(itemOf(text, index, line, next))
  }
  return items
}

function itemOf(text: Buffer, index: string | null, line: number, next: () => Buffer | null): BulkItem {
  const entries = Object.entries(actionOf(text))
  const [name = '', about] = entries[0] ?? []
  if (entries.length !== 1 || !ACTIONS.includes(name) || !isRecord(about)) {
    throw new MalformedBulk(
      `Malformed action in line ${line}: expected an object with one of ${ACTIONS.join(', ')}.`,
    )
  }
  const { _index: own, _id: given } = about
  const source = name === 'delete' ? null : next()
  if (name !== 'delete' && source === null)
    throw new MalformedBulk(`The action in line ${line} has no record: expected one in the next line.`)
  const id = typeof given === 'string' ? given : typeof given === 'number' ? String(given) : null
  const item = { action: name as Action, index: typeof own === 'string' ? own : (index ?? ''), id, source }
  return { ...item, fault: faultOf(item) }
}

function actionOf(text: Buffer): Record<string, unknown> {
  try {
    const action: unknown = JSON.parse(text.toString('utf8'))
    return isRecord(action) ? action : {}
  } catch {
    return {}
  }
}

function faultOf({ action, index, id, source }: Omit<BulkItem, 'fault'>): BulkItem['fault'] {
  if (action === 'update' || action === 'delete') {
    return {
      type: 'illegal_argument_exception',
      reason: `An audit trail takes new records only: ${action} is not possible. Send create or index.`,
    }
  }
  if (index === '' || Buffer.byteLength(index) > MOST_INDEX || CONTROL.test(index)) {
    return {
      type: 'invalid_index_name_exception',
      reason: `Expected the name of an index in the action or in the path, with at most ${MOST_INDEX} bytes and no control characters.`,
    }
  }
  if (id !== null && (id === '' || Buffer.byteLength(id) > MOST_ID || CONTROL.test(id))) {
    return {
      type: 'illegal_argument_exception',
      reason: `Expected an _id of 1 to ${MOST_ID} bytes without control characters.`,
    }
  }
  if (source === null || source.toString('latin1').trim() === '')
    return { type: 'document_parsing_exception', reason: 'The record is empty.' }
  return null
}
