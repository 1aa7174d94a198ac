/**
 * The journal: what arrives over the network is on the disk, encrypted, before it counts as received. Then it is read like any file. All
 * doors write the one journal.
 */
export {
  Journal,
  type JournalContext,
  type JournalOptions,
  type JournalStatus,
  type Writer,
} from './journal.ts'
export { takeJournalKey } from './key.ts'
export { type Delivery, deliveryLine, messageLine, type Origin, originText } from './record.ts'
export { type Account, type Budget, Shares } from './shares.ts'
