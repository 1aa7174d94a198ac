import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import * as z from 'zod'
import type { IncidentShape } from '../../../../schema/api/index.ts'
import { parsedJson } from '../../../../schema/index.ts'
import type { Act, Trail } from '../../../ingest/index.ts'
import { openEmbeddedStore, type Records } from '../../../store/index.ts'
import { Notifier, type NotifierParts } from '../notifier.ts'
import { channelsSchema, mailSchema, type NotifySettings, rotasSchema } from '../settings.ts'
import { START } from './news.ts'

const schema = z.strictObject({
  mail: mailSchema.optional(),
  channels: channelsSchema,
  rotas: rotasSchema,
  'console-url': z.string().default('https://audit.example'),
})
export const settingsOf = (given: z.input<typeof schema>): NotifySettings => schema.parse(given)

/** For tests only: a notifier on a real store, whose clock stands still until the test moves it. */
export class World {
  readonly records: Records
  readonly acts: Act[] = []
  readonly log: string[] = []
  readonly incidents = new Map<string, IncidentShape>()
  readonly acknowledged: { incident: string; by: Act['by'] }[] = []
  now = START
  settings: NotifySettings
  zone = 'UTC'

  constructor(records: Records, settings: NotifySettings) {
    this.records = records
    this.settings = settings
  }

  static async open(given: z.input<typeof schema>): Promise<World> {
    const path = await mkdtemp(join(tmpdir(), 'waybill-notify-'))
    const store = await openEmbeddedStore({ path, minimumFree: 0 })
    onTestFinished(async () => {
      await store.close()
      await rm(path, { recursive: true, force: true })
    })
    return new World(store.records, settingsOf(given))
  }

  get trail(): Trail {
    return {
      record: async (...acts) => void this.acts.push(...acts),
      note: (act) => void this.acts.push(act),
      waiting: 0,
      close: async () => {},
    }
  }

  /** A notifier as after a start of the indexer. */
  notifier(more: Partial<NotifierParts> = {}): Promise<Notifier> {
    return Notifier.open({
      records: this.records,
      trail: this.trail,
      settings: () => this.settings,
      zone: () => this.zone,
      incidentOf: (id) => this.incidents.get(id) ?? null,
      acknowledge: async (incident, by) => void this.acknowledged.push({ incident, by }),
      linkKey: Buffer.alloc(32, 7),
      clock: () => this.now,
      random: randomBytes,
      log: pino({ level: 'debug' }, { write: (line: string) => void this.log.push(line) }),
      worksAlone: false,
      ...more,
    })
  }
}

export interface Hook {
  readonly target: { webhook: { url: string; secret: string } }
  readonly received: { headers: Record<string, string | undefined>; text: string; body: unknown }[]
  /** The status to answer with; null: never answer. */
  answer: (body: unknown) => number | null
  headers: Record<string, string>
  /** Ends the connections that wait for an answer. */
  end(): void
  close(): void
}

export const HOOK_SECRET = 'sixteen-characters-or-more'

/** A receiver of webhooks on this machine, for one test. */
export async function hook(answer: Hook['answer'] = () => 200): Promise<Hook> {
  const made = await lastingHook(answer)
  onTestFinished(() => made.close())
  return made
}

/** The same, until it is closed. */
export async function lastingHook(answer: Hook['answer'] = () => 200): Promise<Hook> {
  const made: Hook = {
    target: { webhook: { url: '', secret: HOOK_SECRET } },
    received: [],
    answer,
    headers: {},
    end: () => server.closeAllConnections(),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, [value].flat()[0]]),
      )
      const body = parsedJson(text)
      made.received.push({ headers, text, body })
      const status = made.answer(body)
      if (status !== null) response.writeHead(status, made.headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  made.target.webhook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return made
}
