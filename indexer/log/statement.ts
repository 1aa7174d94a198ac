import { canonical } from '../../schema/index.ts'

/**
 * A leaf of the log: a waybill with this manifest was stored. It is canonical JSON (RFC 8785). An event can't be a leaf itself, since an
 * entry of a log has at most 65,535 bytes; the manifest has the root over its events.
 */
export interface Statement {
  readonly agent: string
  readonly incarnation: string
  /** The id of the agent's key that signed the manifest. */
  readonly key: string
  /** SHA-256 of the manifest, in hex. */
  readonly manifest: string
  readonly sequence: number
}

export const statementOf = ({ agent, incarnation, key, manifest, sequence }: Statement): Buffer =>
  Buffer.from(canonical({ agent, incarnation, key, manifest, sequence, version: 1 }))

const FORM =
  /^\{"agent":"([^"\\]+)","incarnation":"([0-9a-f]{32})","key":"([^"\\]+)","manifest":"([0-9a-f]{64})","sequence":([1-9]\d{0,15}),"version":1\}$/

/** Reads an entry of the log; null if it is no statement in exactly the form that `statementOf` writes. */
export function readStatement(entry: Buffer): Statement | null {
  const [, agent, incarnation, key, manifest, sequence] = FORM.exec(entry.toString('utf8')) ?? []
  if (
    agent === undefined ||
    incarnation === undefined ||
    key === undefined ||
    manifest === undefined ||
    sequence === undefined
  )
    return null
  return { agent, incarnation, key, manifest, sequence: Number(sequence) }
}
