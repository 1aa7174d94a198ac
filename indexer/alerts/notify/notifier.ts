import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type {
  AlertShape,
  ChannelsShape,
  IncidentShape,
  OutboxMessageShape,
  TestedChannelShape,
} from '../../../schema/api/index.ts'
import type { AuditEvent } from '../../../schema/index.ts'
import { type Act, inTurn, Rounds, type Trail } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Records } from '../../store/index.ts'
import { worded } from '../message.ts'
import type { TellNews } from '../news.ts'
import type { ParsedRule } from '../rules.ts'
import { acknowledgeToken, type Claims, claimsOf } from './acknowledge-link.ts'
import { senderOf } from './channels/index.ts'
import type { Outcome, Send } from './channels/sender.ts'
import { type Content, cleaned, cut, type Links, NO_LINKS, plainText, titleOf } from './content.ts'
import { htmlMail } from './mail.ts'
import { idOf, type Message, Outbox } from './outbox.ts'
import { destinationsOf, onCall, targetsOf, whereItEnds } from './routing.ts'
import { channelOf, type NotifySettings, secretsOf, unknownOf } from './settings.ts'
import { isSilenced, Silences } from './silences.ts'
import { afterNews, afterTime, type Circumstances, type Told, toldSchema } from './told.ts'

const KIND = 'incident-told'
const SECOND = 1000
const DAY = 86_400_000
const SWEEP_EVERY = 15 * SECOND
const TEST_WITHIN = 50 * SECOND
/** Long enough that no news from before the end comes again. */
const CLOSED_KEPT = DAY
const LOST_AFTER = 30 * DAY
const MOST_UNKNOWN = 1000
const MOST_REACHED = 500

export interface NotifierParts {
  readonly records: Records
  readonly trail: Trail
  /** The settings as they are now. */
  readonly settings: () => NotifySettings
  /** The time zone of the organisation. */
  readonly zone: () => string
  /** An incident as it is now; null if there is none of this id (any more). */
  readonly incidentOf: (id: string) => IncidentShape | null | Promise<IncidentShape | null>
  /** An alert as it is now; null if there is none. */
  readonly alertOf?: (id: string) => AlertShape | null
  /** Acknowledges all open alerts of an incident. */
  readonly acknowledge: (incident: string, by: Act['by']) => Promise<void>
  /** Names of the channels that rules use. */
  readonly namedByRules?: () => Iterable<string>
  /** Signs links: 32 bytes that only the indexers of this store know. */
  readonly linkKey: Buffer
  readonly clock: () => number
  readonly random: (bytes: number) => Buffer
  readonly log: Logger
  /** Whether it works by itself; a test does it step by step. The default is true. */
  readonly worksAlone?: boolean
}

/** A message as each form shows it. */
export interface Preview {
  readonly message: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Tells people about incidents: decides who hears of what and when, and keeps the messages until they are delivered. */
export class Notifier {
  readonly silences: Silences
  readonly #parts: NotifierParts
  readonly #outbox: Outbox
  readonly #turn = inTurn()
  readonly #rounds = new Rounds({
    round: () => this.#round(),
    afterFailure: SWEEP_EVERY,
    failed: (reason) => this.#parts.log.warn(`Notifications wait for the store: ${reason}`),
  })
  readonly #unknown = new Set<string>()
  #sweptAt = Number.NEGATIVE_INFINITY

  private constructor(parts: NotifierParts, outbox: Outbox) {
    this.#parts = parts
    this.#outbox = outbox
    this.silences = new Silences(parts)
  }

  static async open(parts: NotifierParts): Promise<Notifier> {
    let wake = (): void => {}
    let notifier: Notifier | null = null
    const outbox = await Outbox.open({
      ...parts,
      send: (id, message, content, signal) =>
        notifier === null
          ? Promise.resolve({ kind: 'later', reason: 'the indexer starts' })
          : notifier.#send(id, message, content, signal),
      withoutSecrets: (text) => withoutSecrets(text, parts.settings()),
      wake: () => wake(),
    })
    notifier = new Notifier(parts, outbox)
    const opened = notifier
    wake = () => opened.#rounds.wake()
    if (parts.worksAlone !== false) opened.#rounds.start()
    return opened
  }

  async close(): Promise<void> {
    await this.#rounds.close()
    await this.#outbox.close()
  }

  /** Takes news; what follows from them is durable when it resolves. */
  readonly tell: TellNews = (news) =>
    this.#turn(async () => {
      this.#noteUnknown(news.alert.channels, news.alert.rule.id)
      const { records } = this.#parts
      const { id } = news.incident
      for (;;) {
        const given = await this.#circumstances(news.alert.snoozedUntil)
        const found = await records.get(KIND, id)
        const before = found === null ? null : toldSchema.parse(found.value)
        if (found !== null && before !== null && before.todo.length > 0) {
          await this.#fulfil(id, before, found.version)
          continue
        }
        const after = afterNews(before, news, given)
        if (after === null) return
        // Another indexer may have heard other news of the same incident: then the next round begins with its record.
        await records.put(KIND, id, after, found?.version ?? null)
      }
    })

  /** Does what is due: reminders, escalations, messages. Returns once nothing is on its way. */
  async work(): Promise<void> {
    await this.#sweep()
    do await this.#outbox.turn()
    while (await this.#outbox.idle())
  }

  async #round(): Promise<number> {
    if (this.#parts.clock() - this.#sweptAt >= SWEEP_EVERY) await this.#sweep()
    return Math.min(SWEEP_EVERY, await this.#outbox.turn())
  }

  async #sweep(): Promise<void> {
    const { records, clock, incidentOf } = this.#parts
    this.#sweptAt = clock()
    for (const { key, value, version } of await records.list(KIND)) {
      const before = toldSchema.parse(value)
      if (before.todo.length > 0) await this.#turn(() => this.#fulfil(key, before, version))
      else if (before.closed !== null) {
        if (clock() - before.closed > CLOSED_KEPT) await records.remove(KIND, key)
      } else {
        const incident = await incidentOf(key)
        if (incident === null && clock() - before.episode > LOST_AFTER) await records.remove(KIND, key)
        const after = afterTime(before, incident, await this.#circumstances(this.#snoozeOf(incident, before)))
        if (after === null) continue
        if (await records.put(KIND, key, after, version))
          await this.#turn(() => this.#fulfil(key, after, version + 1))
      }
    }
  }

  /** Makes messages of what a record says is to be told. Their keys are constant, so a repetition makes no further ones. */
  async #fulfil(id: string, told: Told, version: number): Promise<void> {
    const { records, settings, zone } = this.#parts
    const { channels, rotas } = settings()
    const reached = [...told.reached]
    for (const { key, channel, content, at } of told.todo) {
      const destinations =
        channel === null
          ? whereItEnds(reached, content, channels, at, zone())
          : destinationsOf(channel, content, { channels, rotas }, at, zone())
      await this.#outbox.add(destinations.map((one) => ({ key, content, ...one })))
      for (const { heldUntil: _, ...one } of destinations)
        if (reached.length < MOST_REACHED && !reached.some((other) => isDeepStrictEqual(one, other)))
          reached.push(one)
    }
    await records.put(KIND, id, { ...told, reached, todo: [] }, version)
    this.#rounds.wake()
  }

  /** An incident is snoozed while all its open alerts are. */
  #snoozeOf(incident: IncidentShape | null, { snoozedUntil }: Told): number | null {
    const { alertOf } = this.#parts
    if (incident === null || alertOf === undefined) return snoozedUntil
    const open = incident.alerts.flatMap((id) => alertOf(id) ?? []).filter(({ state }) => state === 'open')
    return open.length === 0 ? null : Math.min(...open.map((alert) => alert.snoozedUntil ?? 0))
  }

  async #circumstances(snoozedUntil: number | null): Promise<Circumstances> {
    const { clock, settings } = this.#parts
    const now = clock()
    const list = await this.silences.lately()
    return {
      now,
      channels: settings().channels,
      isSilenced: (content, channel) =>
        (snoozedUntil !== null && now < snoozedUntil) || isSilenced(list, content, channel, now),
    }
  }

  /** A rule that names a channel that is not there must not keep others from working. */
  #noteUnknown(channels: readonly string[], rule: string): void {
    for (const name of unknownOf(channels, this.#parts.settings())) {
      if (this.#unknown.has(name) || this.#unknown.size >= MOST_UNKNOWN) continue
      this.#unknown.add(name)
      this.#parts.log.warn(
        `The rule ${rule} names the channel "${name}", which is neither among the channels of indexer.yml nor an address that the mail settings can reach: nobody hears of its alerts there.`,
      )
    }
  }

  async #send(id: string, message: Message, content: Content, signal: AbortSignal): Promise<Outcome> {
    const { settings, zone } = this.#parts
    const now = settings()
    const channel = channelOf(message.channel, now.channels)
    const named =
      channel === undefined ? undefined : targetsOf(channel).find(({ name }) => name === message.target)
    const send: Send | null = named === undefined ? null : senderOf(named.target, now)
    if (send === null)
      return {
        kind: 'refused',
        reason: `indexer.yml has no target ${message.target} in ${message.channel} any more.`,
      }
    const links = this.#linksOf(content, message)
    return send({ id, to: message.to, content: cleaned(content), links, zone: zone() }, signal)
  }

  #linksOf(content: Content, { to, channel }: Pick<Message, 'to' | 'channel'>): Links {
    const base = this.#parts.settings()['console-url']
    if (content.link !== '') return { ...NO_LINKS, report: content.link }
    if (base === undefined || content.incident === '') return NO_LINKS
    const at = (...path: string[]): string => `${base}/${path.map(encodeURIComponent).join('/')}`
    const { linkKey, clock } = this.#parts
    const claims = { incident: content.incident, to: to === '' ? `channel ${channel}` : to }
    return {
      incident: at('incidents', content.incident),
      alert: content.alert === '' ? null : at('alerts', content.alert),
      report: null,
      // Only mail goes to one person; others ask people to sign in.
      acknowledge:
        to === '' || content.occasion === 'resolved'
          ? null
          : `${base}/acknowledge?token=${acknowledgeToken(linkKey, claims, clock())}`,
    }
  }

  /** What a link allows, and the incident as it is now. */
  async acknowledgement(
    token: string,
  ): Promise<(Claims & { incidentNow: IncidentShape | null }) | 'expired' | null> {
    const claims = claimsOf(this.#parts.linkKey, token, this.#parts.clock())
    if (claims === null || claims === 'expired') return claims
    return { ...claims, incidentNow: await this.#parts.incidentOf(claims.incident) }
  }

  acknowledge({ incident, to }: Claims, address: string): Promise<void> {
    return this.#parts.acknowledge(incident, { name: to, address, channel: 'mail' })
  }

  outbox(): Promise<OutboxMessageShape[]> {
    return this.#outbox.list()
  }

  async retry(id: string, by: Act['by']): Promise<OutboxMessageShape> {
    const message = await this.#outbox.retry(id)
    await this.#parts.trail.record({
      action: 'notification-retry',
      category: 'system',
      message: `The message "${message.title}" for ${message.channel} is sent again.`,
      outcome: 'success',
      by,
      entity: { type: 'message', id, name: message.channel },
    })
    return message
  }

  async channels(): Promise<ChannelsShape> {
    const { settings, clock, zone, namedByRules } = this.#parts
    const { channels, rotas } = settings()
    const messages = await this.#outbox.list()
    const named = [...(namedByRules?.() ?? []), ...this.#unknown]
    return {
      channels: Object.entries(channels).map(([name, one]) => ({
        name,
        targets: targetsOf(one).map((target) => {
          const own = messages.filter(({ channel, target: its }) => channel === name && its === target.name)
          const count = (state: OutboxMessageShape['state']): number =>
            own.filter((message) => message.state === state).length
          const tried = own.filter(({ attempts }) => attempts > 0)
          const sent = Math.max(0, ...tried.map(({ state, due }) => (state === 'sent' ? due : 0)))
          const failing = tried.filter(
            ({ reason, state, finished, created }) =>
              reason !== null && state !== 'combined' && (finished ?? Math.max(created, sent + 1)) > sent,
          )
          return {
            name: target.name,
            kind: target.kind,
            about: aboutOf(target.target),
            state:
              failing.length > 0
                ? ('failing' as const)
                : sent > 0
                  ? ('working' as const)
                  : ('unused' as const),
            sent: sent === 0 ? null : sent,
            reason: failing[0]?.reason ?? null,
            waiting: count('waiting'),
            held: count('held'),
            failed: count('failed'),
          }
        }),
      })),
      mail: settings().mail !== undefined,
      unknown: unknownOf([...new Set(named)].sort(), settings()),
      onCall: Object.fromEntries(
        Object.entries(rotas).map(([name, rota]) => [name, onCall(rota, clock(), zone())]),
      ),
    }
  }

  /**
   * Tells a channel something that is about no incident, through all targets whatever their conditions; those that open incidents elsewhere
   * are left out. The same key tells it once. Returns the ids of the messages.
   */
  async post(
    channel: string,
    key: string,
    said: { readonly title: string; readonly message: string; readonly link: string },
  ): Promise<string[]> {
    const { settings, zone, clock } = this.#parts
    const { channels, rotas } = settings()
    const known = channelOf(channel, channels)
    if (known === undefined) return []
    const always = { ...known, to: known.to.map(({ when: _, ...target }) => target) }
    const content: Content = {
      ...testContent('', '', clock()),
      occasion: 'report',
      summary: cut(said.title, 500),
      message: cut(said.message, 2000),
      link: said.link,
    }
    const destinations = destinationsOf(
      channel,
      content,
      { channels: { ...channels, [channel]: always }, rotas },
      clock(),
      zone(),
    ).filter(({ kind }) => kind !== 'pagerduty' && kind !== 'opsgenie')
    await this.#outbox.add(destinations.map((one) => ({ key, content, ...one })))
    this.#rounds.wake()
    return destinations.map((one) => idOf(key, one))
  }

  /** Sends a test through all targets of a channel, whatever their conditions. */
  async test(name: string, by: Act['by']): Promise<TestedChannelShape> {
    const { settings, zone, clock, random, trail } = this.#parts
    const { channels, rotas } = settings()
    const channel = channelOf(name, channels)
    if (channel === undefined)
      throw new Refusal('WB-NOT-FOUND', `There is no channel ${name} in indexer.yml.`)
    const always = {
      ...channel,
      to: channel.to.map(({ when: _, ...target }) => target),
    }
    const content = testContent(name, by.name, clock())
    const destinations = destinationsOf(
      name,
      content,
      { channels: { ...channels, [name]: always }, rotas },
      clock(),
      zone(),
    )
    const key = `test:${random(8).toString('hex')}`
    await trail.record({
      action: 'channel-test',
      category: 'system',
      message: `A test message is sent to the channel ${name}.`,
      outcome: 'success',
      by,
      entity: { type: 'channel', id: name },
    })
    await this.#outbox.add(destinations.map((one) => ({ key, content, ...one })))
    this.#rounds.wake()
    if (this.#parts.worksAlone === false) await this.work()
    const ids = destinations.map((one) => idOf(key, one))
    const limit = AbortSignal.any([AbortSignal.timeout(TEST_WITHIN), this.#rounds.signal])
    const settled = new Map((await this.#outbox.settled(ids, limit)).map((one) => [one.id, one]))
    return {
      results: destinations.map(({ target, to }, index) => {
        const message = settled.get(ids[index] ?? '')
        const sent = message?.state === 'sent'
        return {
          target,
          to,
          sent,
          reason: sent ? null : (message?.reason ?? 'it has not answered yet; the outbox shows the result'),
        }
      }),
    }
  }

  /** The message that a rule would send about an event. */
  preview(rule: ParsedRule, event: AuditEvent, count = 1): Preview {
    const { clock, zone } = this.#parts
    const message = worded(rule, event, count)
    const at = Date.parse(String(event['@timestamp'] ?? '')) || clock()
    const content = cleaned({
      ...testContent('', '', at),
      occasion: 'opened',
      priority: rule.priority,
      incident: 'preview',
      summary: message.slice(0, 500),
      alerts: 1,
      rule: { id: rule.id, name: rule.name, author: rule.author ?? null },
      response: rule.response,
      count,
    })
    return {
      message,
      subject: titleOf(content),
      text: plainText(content, NO_LINKS, zone()),
      html: htmlMail(content, NO_LINKS, zone()),
    }
  }
}

function testContent(channel: string, by: string, at: number): Content {
  return {
    occasion: 'test',
    at,
    priority: 'low',
    incident: '',
    summary: '',
    alerts: 0,
    alert: '',
    rule: { id: 'test', name: '', author: null },
    message:
      channel === ''
        ? ''
        : `${by} sent this test to the channel ${channel} of Waybill. There is nothing to do.`,
    response: '',
    count: 0,
    first: at,
    last: at,
    users: [],
    addresses: [],
    note: '',
    lines: [],
    link: '',
  }
}

/** What may be shown of a target: whom it reaches, and never a secret. */
function aboutOf(target: Parameters<typeof senderOf>[0]): string {
  const hostOf = (url: string): string => URL.parse(url)?.host ?? ''
  if (target.email !== undefined) return target.email.join(', ')
  if (target.slack !== undefined) return hostOf(target.slack.reveal())
  if (target.teams !== undefined) return hostOf(target.teams.reveal())
  if (target.pagerduty !== undefined) return hostOf(target.pagerduty.url)
  if (target.opsgenie !== undefined) return hostOf(target.opsgenie.url)
  // Paths and queries of webhooks often hold a key.
  if (target.webhook !== undefined) return hostOf(target.webhook.url)
  if (target.syslog !== undefined) return `${target.syslog.host} (${target.syslog.over})`
  if (target.file !== undefined) return target.file
  if (target.command !== undefined) return target.command[0] ?? ''
  return `rota ${target['on-call'] ?? ''}`
}

function withoutSecrets(text: string, settings: NotifySettings): string {
  return secretsOf(settings).reduce((said, one) => said.replaceAll(one, '[secret]'), text)
}
