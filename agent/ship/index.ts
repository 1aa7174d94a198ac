/** Shipping: seals batches, keeps them until they are acknowledged, and sends them. */
export { type Account, accountOf } from './account.ts'
export { tlsFor } from './certificate.ts'
export { clockOf } from './clock.ts'
export type { Timeouts, TlsFiles } from './connection.ts'
export { type Enrolling, enroll, type Reaching, reach } from './enroll.ts'
export {
  type BatchListing,
  decideOffline,
  listQuarantine,
  listSpool,
  type ShownBatch,
  showBatch,
} from './folders.ts'
export type { HeartbeatNumbers } from './heartbeat.ts'
export { type Identity, loadIdentity } from './identity.ts'
export { addsUp, sumOf } from './ledger.ts'
export type { QuarantineReason } from './quarantine.ts'
export type { Delays } from './sender.ts'
export { DELAYS } from './sender.ts'
export { fetchSettings, type SettingsDesk } from './settings.ts'
export { createShipper, type ShipperOptions } from './shipper.ts'
export * from './types.ts'
