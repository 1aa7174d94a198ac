import { canonical, mintedEventId, mintedIdPrefix } from '../schema/index.ts'
import { RECORD, SOURCE } from './batches.ts'

/**
 * A month of a company with 2,000 users and five systems: sign-ins (some fail, some lock an account), changes with before and after, views,
 * exports, jobs. Each field that the console's screens ask for is filled as often as in real trails; the same number gives the same event.
 */
const NAMES = ['jane', 'john', 'amir', 'lucy', 'wei', 'olga']
const FAMILIES = ['smith', 'doe', 'miller', 'zhang', 'novak']
const USERS = Array.from({ length: 2000 }, (_, i) => ({
  id: `u-${1000 + i}`,
  name: `${NAMES[i % 6]}.${FAMILIES[i % 5]}${i}`,
}))
const SYSTEMS = ['crm', 'erp', 'cms', 'telephony', 'timesheets']
const ENTITIES = ['customer', 'invoice', 'order', 'project', 'time_entry', 'task']
const FIELDS = ['credit_limit', 'payment_terms', 'status', 'owner', 'amount', 'due_date']
const COMPONENTS = ['scheduler', 'mailer', 'importer', 'backup', 'sync', 'billing']
const MODULES = ['sales', 'finance', 'stock', 'people']
const CLIENTS = Array.from(
  { length: 40 },
  (_, i) =>
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${90 + i}.0.0.0 Safari/537.36`,
)

/** The number of events of each kind in 100. */
const KINDS = [
  ['change', 42],
  ['view', 20],
  ['signIn', 12],
  ['activity', 12],
  ['job', 8],
  ['rights', 3],
  ['api', 3],
] as const
type Kind = (typeof KINDS)[number][0]

/** The first user of the month, whose events the bench looks at. */
export const SOMEBODY = USERS[0]?.name ?? ''

export class Month {
  readonly #start: number
  readonly #every: number
  #state = 7

  constructor(start: number, every: number) {
    this.#start = start
    this.#every = every
  }

  timeOf(number: number): number {
    return Math.round(this.#start + number * this.#every)
  }

  line(number: number): string {
    const kind = this.#kind()
    const user = USERS[Math.floor(this.#random() ** 2 * USERS.length)] ?? USERS[0]
    const type = this.#pick(ENTITIES)
    const failed = this.#random() < 0.02
    return canonical({
      '@timestamp': new Date(this.timeOf(number)).toISOString(),
      agent: { id: 'agent-bench', name: 'web-1', version: '0.1.0' },
      ...this.#merged(
        kind,
        {
          audit: { module: this.#pick(MODULES), session: { id: `sess_${this.#below(1e9).toString(36)}` } },
          event: {
            id: mintedEventId(PREFIX, number * RECORD),
            kind: 'event',
            module: this.#pick(SYSTEMS),
            outcome: failed ? 'failure' : 'success',
            sequence: number * RECORD,
          },
        },
        { user: user?.name ?? '', type, id: `CUST-${this.#below(1_000_000)}`, failed },
      ),
      host: { name: 'web-1' },
      log: { file: { path: '/var/log/app/audit.jsonl' }, offset: number * RECORD },
      source: { ip: `81.${this.#below(200)}.${this.#below(100)}.7` },
      ...(kind === 'job' ? {} : { user }),
      ...(kind === 'job' ? {} : { user_agent: { original: this.#pick(CLIENTS) } }),
    })
  }

  #merged(
    kind: Kind,
    base: { audit: object; event: object },
    about: { user: string; type: string; id: string; failed: boolean },
  ) {
    const { audit, event, ...rest } = this.#told(kind, about)
    const did = `${about.user} ${rest.message}`
    return {
      audit: { ...base.audit, ...audit },
      event: { ...base.event, original: `${did} ${'·'.repeat(200)}`, ...event },
      message: did,
    }
  }

  #told(kind: Kind, { type, id, failed }: { type: string; id: string; failed: boolean }) {
    const entity = { id, name: `${type} ${id}`, type }
    switch (kind) {
      case 'change': {
        const field = this.#pick(FIELDS)
        const [before, after] = [String(this.#below(20_000)), String(this.#below(20_000))]
        const [action, how] = this.#pick([
          ['record.update', 'change'],
          ['record.update', 'change'],
          ['record.create', 'creation'],
          ['record.delete', 'deletion'],
        ] as const)
        return {
          message: `did ${action} on ${type} ${id}`,
          audit: {
            category: 'change',
            change: { after: [`${field}=${after}`], before: [`${field}=${before}`], fields: [field] },
            changes: [{ field, new: after, old: before }],
            entity,
          },
          event: { action, type: [how] },
        }
      }
      case 'view':
        return {
          message: `looked at ${type} ${id}`,
          audit: { category: 'view', entity },
          event: { action: 'record.view', type: ['access'] },
        }
      case 'signIn': {
        const locked = failed && this.#random() < 0.1
        const ends = !failed && this.#random() < 0.4
        return {
          message: locked ? 'was locked out' : ends ? 'signed out' : 'signed in',
          audit: {
            category: 'security',
            ...(failed ? { attempt: { count: 1 + this.#below(5), max: 5 }, risk: 'medium' } : {}),
            ...(locked ? { risk: 'high' } : {}),
          },
          event: {
            action: locked ? 'user.locked' : ends ? 'user.logout' : 'user.login',
            category: ['authentication'],
            type: [ends ? 'end' : 'start'],
          },
        }
      }
      case 'activity': {
        const exported = this.#random() < 0.2
        return {
          message: exported ? `exported ${type}s` : `commented on ${type} ${id}`,
          audit: {
            category: 'activity',
            ...(exported ? { record_count: Math.floor(this.#random() ** 3 * 2000) } : {}),
            entity,
          },
          event: { action: exported ? 'export.run' : 'comment.add', duration: this.#below(900) * 1e6 },
        }
      }
      case 'job': {
        const component = this.#pick(COMPONENTS)
        const status = failed ? 'error' : this.#random() < 0.03 ? 'warning' : 'ok'
        return {
          message: `ran ${component}`,
          audit: { category: 'system', component, status },
          event: { action: 'job.run', duration: this.#below(9000) * 1e6 },
        }
      }
      case 'rights':
        return {
          message: `changed rights on ${type}`,
          audit: { category: 'security', risk: this.#random() < 0.05 ? 'high' : 'low' },
          event: {
            action: this.#pick(['permission.change', 'password.change', 'key.create']),
            category: ['iam'],
          },
        }
      case 'api':
        return {
          message: `GET /api/${type}s/${id}`,
          audit: { category: 'api', channel: 'api', entity },
          event: { action: 'request', duration: this.#below(300) * 1e6 },
        }
    }
  }

  #kind(): Kind {
    let left = this.#below(100)
    for (const [kind, share] of KINDS) {
      left -= share
      if (left < 0) return kind
    }
    return 'change'
  }

  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 4_294_967_296
  }

  #below(most: number): number {
    return Math.floor(this.#random() * most)
  }

  #pick<Item>(list: readonly Item[]): Item {
    const item = list[this.#below(list.length)]
    if (item === undefined) throw new Error('there is nothing to choose from')
    return item
  }
}

const PREFIX = mintedIdPrefix(SOURCE, 0)
