/**
 * Notifications: who hears of which incident, when, and by what channel.
 * In: news of alerts (`tell`), the settings, the state of incidents.
 * Out: messages by mail, Slack, PagerDuty and others, each a record of the outbox before it is sent.
 */
export { serveAcknowledge } from './acknowledge-page.ts'
export { type OwnMail, outcomeOf, sendMail } from './channels/email.ts'
export { type Outcome, SENT } from './channels/sender.ts'
export { clean } from './content.ts'
export { Notifier, type NotifierParts, type Preview } from './notifier.ts'
export {
  channelOf,
  channelsSchema,
  locatedChannels,
  type MailSettings,
  mailSchema,
  type NotifySettings,
  rotasSchema,
  secretsOf,
  wrongChannels,
} from './settings.ts'
