/**
 * Verifies evidence: computes everything again that is sealed, and names what is wrong.
 * In: a source of evidence (a store, a cluster, an archive, exported events), and a policy with what is believed.
 * Out: a report with findings, each with its place and a sentence.
 */
export { verifyProofs } from './event-proof.ts'
export { type Policy, policyText, readPolicy } from './policy.ts'
export { hasShipped, shippedEvidence } from './shipped-source.ts'
export type { AgentKey, Counted, EvidenceLog, EvidenceSource } from './source.ts'
export { statementOf } from './statement.ts'
export { storeEvidence } from './store-source.ts'
export { type Progress, type VerifyOptions, verify } from './verify.ts'
export { EvidenceWatch, FINDING_ACTION } from './watch.ts'
