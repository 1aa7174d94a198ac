import {
  type EventPlace,
  type EvidenceReport,
  eventProofShape,
  type Finding,
} from '../../../schema/api/index.ts'
import { HASH_BYTES, leafHash, OperatorError, sha256, verifyInclusion } from '../../../schema/index.ts'
import { manifestSchema, verifyWaybill } from '../../../schema/wire/index.ts'
import { renamingOf } from '../../store/index.ts'
import { NoteError, openLogProof, statementOf } from '../index.ts'
import { Findings } from './findings.ts'
import { AgentKeys } from './keys.ts'
import { eventName, idIn } from './names.ts'
import type { Policy } from './policy.ts'

/** Verifies events that were exported with their proofs, one JSON object a line (or one alone), by a policy and nothing else. */
export function verifyProofs(text: string, place: string, policy: Policy, now: () => number): EvidenceReport {
  const from = now()
  const findings = new Findings()
  const keys = new AgentKeys(policy.agents)
  let events = 0
  let proved = 0
  let logged = 0
  for (const proof of proofsIn(text, place)) {
    events++
    const found = findingOf(proof, keys, policy)
    if (found === null) {
      proved++
      logged++
    } else findings.add(found)
  }
  const { listed, more, worst } = findings.end()
  return {
    version: 1,
    place,
    from,
    to: now(),
    verdict: worst === 'wrong' ? 'findings' : worst === 'unproved' ? 'unverified' : 'sound',
    waybills: events,
    events,
    proved,
    chains: 0,
    logged,
    anchored: 0,
    expired: 0,
    duplicates: 0,
    deadLetters: 0,
    findings: listed,
    more,
    reservations: [
      {
        what: 'completeness',
        sentence:
          'A proof says that its event was sealed and stored. It does not say that no other events are missing.',
      },
    ],
  }
}

type Proof = ReturnType<typeof eventProofShape.parse>

function proofsIn(text: string, place: string): Proof[] {
  const refused = (what: string): OperatorError =>
    new OperatorError('WB-FILE-INVALID', `${what} is no proof of an event: make one with waybill proof`, {
      exitCode: 2,
    })
  const one = readProof(text)
  if (one !== null) return [one]
  const lines = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [{ line, number: i + 1 }]))
  if (lines.length === 0) throw refused(place)
  return lines.map(({ line, number }) => {
    const proof = readProof(line)
    if (proof === null) throw refused(`line ${number} of ${place}`)
    return proof
  })
}

function readProof(text: string): Proof | null {
  try {
    return eventProofShape.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

function findingOf(proof: Proof, keys: AgentKeys, policy: Policy): Finding | null {
  const line = Buffer.from(proof.line)
  const manifestBytes = Buffer.from(proof.manifest)
  const manifest = readManifest(proof.manifest)
  if (manifest === null) {
    const at = { agent: '', incarnation: '', sequence: 0 }
    const sentence = `The proof of event ${proof.event} was changed: its manifest can't be read.`
    return { kind: 'waybill-changed', weight: 'wrong', at, sentence }
  }
  const { agent, incarnation, sequence, events, root, key } = manifest
  const waybill = { agent, incarnation, sequence }
  const at: EventPlace = { ...waybill, position: proof.position, event: idIn(line) }
  const publicKey = keys.find(agent, key)
  if (publicKey === null) {
    const sentence = `${eventName(at)} is not proved: the policy has no key ${key} of agent ${agent}. Add it if you trust it.`
    return { kind: 'key-unknown', weight: 'unproved', at: waybill, key, sentence }
  }
  if (!verifyWaybill({ manifestBytes, signature: Buffer.from(proof.signature, 'base64') }, publicKey)) {
    const sentence = `${eventName(at)} is not proved: its manifest does not have the signature of key ${key} of its agent.`
    return { kind: 'signature-invalid', weight: 'wrong', at: waybill, sentence }
  }
  const path = proof.path.map((hash) => Buffer.from(hash, 'hex'))
  const isHere =
    path.every((hash) => hash.length === HASH_BYTES) &&
    verifyInclusion(leafHash(line), proof.position, events, path, Buffer.from(root, 'hex'))
  if (!isHere) {
    const sentence = `${eventName(at)} was changed: it is not in the waybill that its agent signed.`
    return { kind: 'event-changed', weight: 'wrong', at, fields: null, sentence }
  }
  if (renamingOf(line, proof.event) === undefined) {
    const sentence = `The proof of event ${proof.event} was changed: it proves ${eventName(at)}.`
    return { kind: 'event-changed', weight: 'wrong', at, fields: null, sentence }
  }
  const entry = statementOf({ ...waybill, key, manifest: sha256(manifestBytes) })
  try {
    const { checkpoint } = openLogProof(
      proof.log,
      entry,
      policy.logs.flatMap((log) => log.keys),
    )
    const trusted = policy.checkpoints.find(
      ({ origin, size }) => origin === checkpoint.origin && size === checkpoint.size,
    )
    if (trusted === undefined || trusted.root.equals(checkpoint.root)) return null
    return {
      kind: 'log-rewritten',
      weight: 'wrong',
      origin: checkpoint.origin,
      after: null,
      trusted: trusted.size,
      sentence: `${eventName(at)} is proved by another log than the trusted one: checkpoint ${trusted.size} of ${checkpoint.origin} has another root.`,
    }
  } catch (thrown) {
    if (!(thrown instanceof NoteError)) throw thrown
    const isUnknown = thrown.reason === 'unknown-keys'
    return {
      kind: 'checkpoint-invalid',
      weight: isUnknown ? 'unproved' : 'wrong',
      origin: policy.logs[0]?.origin ?? '',
      sentence: `${eventName(at)} was sealed by its agent, but its proof by the log is not believed: ${thrown.message}.`,
    }
  }
}

function readManifest(text: string) {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
