import type { EventProofShape } from '../../schema/api/index.ts'
import { HASH_BYTES, inclusionProof, leafHash, merkleRoot } from '../../schema/index.ts'
import type { Manifest } from '../../schema/wire/index.ts'
import { Refusal } from '../refusal.ts'
import type { SealedEvent } from '../store/port.ts'
import type { Service } from './service.ts'

/** All that proves an event, for one who has the keys of the agent and of the transparency log, and nothing else. */
export async function eventProof(
  sealed: SealedEvent,
  id: string,
  { transparencyLog, agents }: Pick<Service, 'transparencyLog' | 'agents'>,
): Promise<EventProofShape> {
  const log = await transparencyLog.proof(sealed)
  if (log === null)
    throw new Refusal(
      'WB-PROOF-LATER',
      `Waybill ${sealed.sequence} of ${sealed.agent}, which brought this event, is not in the transparency log yet.`,
      { retryAfter: 2 },
    )
  const manifest = JSON.parse(sealed.manifest.toString('utf8')) as Manifest
  const agentKey = agents.get(sealed.agent)?.keys.find((key) => key.id === manifest.key)?.pem ?? ''
  return {
    format: 'waybill/event-proof/v1',
    event: id,
    line: sealed.line.toString('utf8'),
    position: sealed.position,
    path: pathOf(id, sealed, manifest),
    manifest: sealed.manifest.toString('utf8'),
    signature: sealed.signature.toString('base64'),
    agentKey,
    log,
  }
}

/** The audit path of an event's line in its waybill, in hex. */
function pathOf(id: string, { leaves, line, position }: SealedEvent, { events, root }: Manifest): string[] {
  const hashes = Array.from({ length: events }, (_, i) => leaves.get(i))
  const all = Buffer.concat(hashes.map((hash) => hash ?? Buffer.alloc(0)))
  if (all.length !== events * HASH_BYTES)
    throw new Refusal(
      'WB-PROOF-IMPOSSIBLE',
      `${hashes.filter((hash) => hash === undefined).length} of the ${events} leaf hashes of the waybill of event ${id} are gone: their lines expired before this version of Waybill kept all hashes.`,
    )
  const isSame = leaves.get(position)?.equals(leafHash(line)) === true
  if (!isSame || merkleRoot(all).toString('hex') !== root)
    throw new Refusal(
      'WB-PROOF-IMPOSSIBLE',
      `Event ${id} does not fit the root that its agent signed: it, or another line of its waybill, was changed in the store.`,
    )
  return inclusionProof(all, position).map((hash) => hash.toString('hex'))
}
