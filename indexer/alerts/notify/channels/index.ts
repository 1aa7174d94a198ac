import type { NotifySettings, Target } from '../settings.ts'
import { commandSender } from './command.ts'
import { emailSender } from './email.ts'
import { fileSender } from './file.ts'
import { opsgenieSender } from './opsgenie.ts'
import { pagerDutySender } from './pagerduty.ts'
import type { Send } from './sender.ts'
import { slackSender } from './slack.ts'
import { syslogSender } from './syslog.ts'
import { teamsSender } from './teams.ts'
import { webhookSender } from './webhook.ts'

/** What sends to a target; null if the target is incomplete without other settings. */
export function senderOf(target: Target, { mail }: Pick<NotifySettings, 'mail'>): Send | null {
  if (target.email !== undefined) return mail === undefined ? null : emailSender(mail)
  if (target.slack !== undefined) return slackSender(target.slack)
  if (target.teams !== undefined) return teamsSender(target.teams)
  if (target.pagerduty !== undefined) return pagerDutySender(target.pagerduty)
  if (target.opsgenie !== undefined) return opsgenieSender(target.opsgenie)
  if (target.webhook !== undefined) return webhookSender(target.webhook)
  if (target.syslog !== undefined) return syslogSender(target.syslog)
  if (target.file !== undefined) return fileSender(target.file)
  if (target.command !== undefined) return commandSender(target.command)
  return null
}
