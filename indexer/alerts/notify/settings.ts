import * as z from 'zod'
import { duration, isLoopbackHost, secret } from '../../../config/index.ts'
import { DAYS, PRIORITIES, type Priority } from '../../../schema/rule.ts'

/** The settings about notifications in indexer.yml: `mail`, `channels` and `rotas`. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
export const MIDNIGHT = 24 * 60

const minuteOfDay = z.string().transform((text, context) => {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text)
  const minute = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2])
  if (minute <= MIDNIGHT) return minute
  context.addIssue({ code: 'custom', message: 'expected a time of the day such as 22:00', input: text })
  return z.NEVER
})
const days = z
  .array(z.enum(DAYS))
  .min(1)
  .default([...DAYS])

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'expected a-z, 0-9, _, . and -, beginning with a letter or digit')

const emailAddress = z
  .string()
  .max(254)
  .regex(/^[^\s@<>(),;:"\\\p{C}]+@[^\s@<>(),;:"\\\p{C}]+$/u, 'expected an address such as soc@acme.example')

/** An address that a message with secrets is sent to: unencrypted only to this machine. */
const isProtected = (text: string): boolean => {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
const PROTECTED = 'expected an https address without user and password (http only on loopback)'
const address = z.string().refine(isProtected, PROTECTED)
/** The address itself is the secret: it allows everybody to post. */
const secretAddress = secret().refine((url) => isProtected(url.reveal()), PROTECTED)

export const mailSchema = z
  .strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).optional(),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    ca: z.string().min(1).optional(),
    user: z.string().min(1).optional(),
    password: secret().optional(),
    from: z
      .string()
      .max(320)
      .regex(
        /^(?:[^<>\p{C}]*<[^\s@<>\p{C}]+@[^\s@<>\p{C}]+>|[^\s@<>\p{C}]+@[^\s@<>\p{C}]+)$/u,
        'expected an address such as Waybill <waybill@acme.example>',
      ),
  })
  .superRefine((mail, context) => {
    if ((mail.user === undefined) !== (mail.password === undefined))
      context.addIssue({ code: 'custom', path: ['user'], message: 'user and password go together' })
    if (mail.tls === 'none' && mail.password !== undefined && !isLoopbackHost(mail.host))
      context.addIssue({
        code: 'custom',
        path: ['tls'],
        message: 'the password would be sent unencrypted: use starttls or implicit',
      })
  })
export type MailSettings = z.output<typeof mailSchema>

/** When a destination takes part: all that is given must hold. */
const when = z.strictObject({
  priority: z.enum(PRIORITIES).optional().describe('At least this serious.'),
  rules: z.array(z.string().min(1)).min(1).optional(),
  from: minuteOfDay.default(0),
  to: minuteOfDay.default(MIDNIGHT),
  days,
})
export type When = z.output<typeof when>

const target = z.strictObject({
  email: z.array(emailAddress).min(1).max(50).optional(),
  slack: secretAddress.optional(),
  teams: secretAddress.optional(),
  pagerduty: z
    .strictObject({
      'routing-key': secret(),
      url: address.default('https://events.pagerduty.com'),
    })
    .optional(),
  opsgenie: z.strictObject({ key: secret(), url: address.default('https://api.opsgenie.com') }).optional(),
  webhook: z
    .strictObject({
      url: address,
      secret: secret().refine(
        (given) => given.reveal().length >= 16,
        'expected at least 16 characters, such as `openssl rand -hex 32` prints',
      ),
    })
    .optional(),
  syslog: z
    .strictObject({
      host: z.string().min(1),
      port: z.int().min(1).max(65_535).optional(),
      over: z.enum(['tls', 'tcp', 'udp']).default('tls'),
      ca: z.string().min(1).optional(),
    })
    .optional(),
  file: z.string().min(1).optional(),
  command: z.array(z.string().min(1)).min(1).max(50).optional(),
  'on-call': name.optional(),
  when: when.optional(),
})
/** Kinds of targets that messages are sent to. */
export const SENDING = [
  'email',
  'slack',
  'teams',
  'pagerduty',
  'opsgenie',
  'webhook',
  'syslog',
  'file',
  'command',
] as const
const KINDS = [...SENDING, 'on-call'] as const
export type Kind = (typeof KINDS)[number]
export type Target = z.output<typeof target>

export const kindOf = (given: Target): Kind => KINDS.find((kind) => given[kind] !== undefined) ?? 'file'

const oneTarget = target.superRefine((given, context) => {
  if (KINDS.filter((kind) => given[kind] !== undefined).length !== 1)
    context.addIssue({ code: 'custom', message: `expected one of ${KINDS.join(', ')} (and \`when\`)` })
})

const channel = z.strictObject({
  to: z.array(oneTarget).min(1).max(20),
  /** Less serious messages wait until these hours end, and then come together. */
  quiet: z
    .strictObject({
      from: minuteOfDay,
      to: minuteOfDay,
      days,
      below: z.enum(PRIORITIES).default('high'),
    })
    .optional(),
  /** Less serious messages come together, at this time. */
  digest: z.strictObject({ at: minuteOfDay, days, below: z.enum(PRIORITIES).default('high') }).optional(),
  repeat: duration({ min: 5 * MINUTE, max: 30 * DAY }).optional(),
  recovery: z.boolean().default(true),
  escalate: z
    .array(
      z.strictObject({ after: duration({ min: MINUTE, max: 7 * DAY }), to: z.array(name).min(1).max(10) }),
    )
    .max(10)
    .default([]),
})
export type ChannelSettings = z.output<typeof channel>

export const channelsSchema = z
  .record(name, channel)
  .refine((given) => Object.keys(given).length <= 200, 'expected 200 channels at most')
  .default({})
export type Channels = z.output<typeof channelsSchema>

const isAddress = (name: string): boolean => emailAddress.safeParse(name).success

/** Returns the channel that a rule names: by its name, also as Slack writes it (`#security`), or by the address of a person. */
export function channelOf(name: string, channels: Channels): ChannelSettings | undefined {
  const known = name.replace(/^#/, '')
  if (Object.hasOwn(channels, known)) return channels[known]
  return isAddress(name) ? channel.parse({ to: [{ email: [name] }] }) : undefined
}

/** The channel of a rule that tells nobody: the console shows every alert. */
const IN_APP = 'in-app'

/** Channels that a rule names and that reach nobody. */
export const unknownOf = (
  names: readonly string[],
  { channels, mail }: Pick<NotifySettings, 'channels' | 'mail'>,
): string[] =>
  names.filter(
    (name) =>
      name !== IN_APP && (isAddress(name) ? mail === undefined : channelOf(name, channels) === undefined),
  )

/** A time on the clock of the organisation. */
const localTime = z.string().transform((text, context) => {
  try {
    return Temporal.PlainDateTime.from(text.replace(' ', 'T'))
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a time such as 2026-12-24 08:00', input: text })
    return z.NEVER
  }
})
const rota = z.strictObject({
  /** The first person is on call from then, each for a week. */
  start: localTime,
  people: z.array(name).min(1).max(100),
  overrides: z
    .array(
      z
        .strictObject({ from: localTime, to: localTime, person: name })
        .refine(
          ({ from, to }) => Temporal.PlainDateTime.compare(from, to) < 0,
          'expected `from` to be before `to`',
        ),
    )
    .max(500)
    .default([]),
})
export type Rota = z.output<typeof rota>
export const rotasSchema = z.record(name, rota).default({})
export type Rotas = z.output<typeof rotasSchema>

export interface NotifySettings {
  readonly mail?: MailSettings | undefined
  readonly channels: Channels
  readonly rotas: Rotas
  /** Where people open the console, for links; without it messages have none. */
  readonly 'console-url'?: string | undefined
}

/** Paths of files in the settings begin at their folder. */
export function locatedChannels(channels: Channels, at: (path: string) => string): Channels {
  return Object.fromEntries(
    Object.entries(channels).map(([name, one]) => [
      name,
      {
        ...one,
        to: one.to.map((target) => ({
          ...target,
          ...(target.file !== undefined && { file: at(target.file) }),
          ...(target.syslog?.ca !== undefined && {
            syslog: { ...target.syslog, ca: at(target.syslog.ca) },
          }),
        })),
      },
    ]),
  )
}

/** What is wrong only in combination; null if nothing is. */
export function wrongChannels({ mail, channels, rotas }: NotifySettings): string | null {
  const isChannel = (one: string): boolean => Object.hasOwn(channels, one)
  for (const [name, { to, escalate }] of Object.entries(channels)) {
    for (const target of to) {
      if (target.email !== undefined && mail === undefined)
        return `channels.${name}: email needs a mail server: write mail with host and from.`
      const rota = target['on-call']
      if (rota !== undefined && !Object.hasOwn(rotas, rota))
        return `channels.${name}: there is no rota "${rota}" under rotas.`
    }
    const unknown = escalate.flatMap((step) => step.to).find((one) => !isChannel(one))
    if (unknown !== undefined) return `channels.${name}.escalate: there is no channel "${unknown}".`
  }
  for (const [name, { people, overrides }] of Object.entries(rotas)) {
    const all = [...people, ...overrides.map(({ person }) => person)]
    const unknown = all.find((one) => !isChannel(one))
    if (unknown !== undefined)
      return `rotas.${name}: there is no channel "${unknown}"; each person of a rota is a channel.`
    const forwarding = all.find((one) => channels[one]?.to.some((target) => target['on-call'] !== undefined))
    if (forwarding !== undefined)
      return `rotas.${name}: the channel "${forwarding}" of a person can't lead to a rota again.`
  }
  return null
}

/** The texts that no answer, log line or record may contain. */
export function secretsOf({ mail, channels }: NotifySettings): string[] {
  const targets = Object.values(channels).flatMap(({ to }) => to)
  return [
    mail?.password,
    ...targets.flatMap((one) => [
      one.slack,
      one.teams,
      one.pagerduty?.['routing-key'],
      one.opsgenie?.key,
      one.webhook?.secret,
    ]),
  ].flatMap((one) => (one === undefined ? [] : [one.reveal()]))
}

export const RANK: Readonly<Record<Priority, number>> = { low: 0, medium: 1, high: 2, critical: 3 }
