/**
 * Delivery: brings reports that are done to people and places.
 * In: jobs with recipients, the settings of mail, channels and places.
 * Out: mails, messages to channels, files in folders and buckets; the state of each in its job.
 */
export { Deliveries, type DeliveriesParts } from './deliveries.ts'
export { Places } from './places.ts'
