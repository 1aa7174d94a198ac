import { type Customer, PEOPLE, type Person } from './cast.ts'
import { type Entry, plainTime, type Scene, type Stage } from './stage.ts'

/**
 * ConnexCS: user, IP, date and time, primary key, action, table, message, and data before and after. The user is `Portal` if a customer
 * made the change in the customer portal; all others were made in the control panel or through the API.
 */
type Row = Readonly<Record<string, unknown>>

type Action = 'CREATE' | 'DELETE' | 'GENERATE' | 'LOGIN' | 'POST' | 'PUBLISH' | 'PUT' | 'SEND' | 'UPDATE'

interface What {
  readonly action: Action
  readonly key: string | number
  readonly table: string
  readonly message: string
  readonly before?: Row | null
  readonly after?: Row | null
}

function entry(stage: Stage, user: string, ip: string, what: What): Entry {
  const { before = null, after = null } = what
  return {
    system: 'connexcs',
    row: {
      User: user,
      IP: ip,
      'Date / Time': plainTime(stage.now),
      'Primary Key': String(what.key),
      Action: what.action,
      Table: what.table,
      Message: what.message,
      ...(before === null && after === null ? {} : { Data: { before, after } }),
    },
  }
}

const panel = (stage: Stage, who: Person, what: What): Entry => entry(stage, who.email, who.ip, what)

function* signedIn(stage: Stage, who: Person): Generator<Entry, void> {
  const key = `connexcs ${who.id}`
  if (stage.world.sessions.has(key)) return
  stage.world.sessions.set(key, key)
  yield panel(stage, who, { action: 'LOGIN', key: who.id, table: 'user', message: 'User logged in' })
}

export function failedSignIn(stage: Stage, who: Person, ip: string): Entry {
  return entry(stage, who.email, ip, {
    action: 'LOGIN',
    key: who.id,
    table: 'user',
    message: 'Login failed: wrong password',
  })
}

function* customers(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const who = random.pick([PEOPLE.priya, PEOPLE.tomas])
  yield* signedIn(stage, who)
  const customer = random.pick(world.customers)
  const channels = customer.channels
  customer.channels = channels >= 120 ? 30 : channels + 30
  yield panel(stage, who, {
    action: 'PUT',
    key: customer.connexcs,
    table: 'customer',
    message: `Customer ${customer.name} changed`,
    before: { channels, status: customer.status },
    after: { channels: customer.channels, status: customer.status },
  })
}

const ingress = (stage: Stage, customer: Customer): Row => ({
  customer_id: customer.connexcs,
  ip: `198.51.100.${stage.random.int(30, 250)}`,
  port: 5060,
})

function* addresses(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const who = PEOPLE.priya
  yield* signedIn(stage, who)
  const customer = random.pick(world.customers)
  const key = stage.number()
  const address = ingress(stage, customer)
  const table = 'customer_ip'
  yield panel(stage, who, { action: 'POST', key, table, message: 'IP address added', after: address })
  yield panel(stage, who, {
    action: 'PUT',
    key,
    table,
    message: 'IP address changed',
    before: address,
    after: { ...address, port: 5080 },
  })
  if (random.chance(0.4))
    yield panel(stage, who, { action: 'DELETE', key, table, message: 'IP address deleted', before: address })
}

/** Actions of customers in the portal. */
function* portal(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const customer = random.pick(world.customers)
  const ip = `198.51.100.${random.int(30, 250)}`
  yield entry(stage, 'Portal', ip, {
    action: 'LOGIN',
    key: customer.connexcs,
    table: 'customer',
    message: `${customer.contact} logged in to the portal`,
  })
  yield entry(stage, 'Portal', ip, {
    action: 'UPDATE',
    key: customer.connexcs,
    table: 'customer',
    message: 'Low balance warning changed',
    before: { alert_balance: 50 },
    after: { alert_balance: random.pick([100, 150, 200]) },
  })
}

function* billing(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const customer = random.pick(world.customers)
  const key = stage.number()
  const invoice = { key, table: 'invoice' }
  yield panel(stage, PEOPLE.lisa, {
    ...invoice,
    action: 'GENERATE',
    message: `Invoice generated for ${customer.name}`,
    after: { customer_id: customer.connexcs, total: random.int(100, 4000) / 10 },
  })
  yield panel(stage, PEOPLE.lisa, {
    ...invoice,
    action: 'SEND',
    message: `Invoice sent to ${customer.contact}`,
  })
}

function* rates(stage: Stage): Generator<Entry, void> {
  const { random } = stage
  const who = PEOPLE.tomas
  yield* signedIn(stage, who)
  const card = stage.number()
  const name = `Wholesale ${stage.now.toISOString().slice(0, 10)}`
  yield panel(stage, who, {
    action: 'CREATE',
    key: card,
    table: 'rate_card',
    message: `Rate card ${name} created`,
    after: { name, currency: 'USD', prefixes: random.int(300, 9000) },
  })
  yield panel(stage, who, {
    action: 'PUBLISH',
    key: card,
    table: 'rate_card',
    message: `Rate card ${name} published`,
    before: { status: 'draft' },
    after: { status: 'active' },
  })
  yield entry(stage, 'API (provisioning)', '10.20.0.9', {
    action: 'UPDATE',
    key: random.int(10, 40),
    table: 'carrier',
    message: 'Carrier capacity set through the API',
    before: { capacity: 400 },
    after: { capacity: 450 },
  })
  if (random.chance(0.5)) stage.world.sessions.delete(`connexcs ${who.id}`)
}

export const CONNEXCS_SCENES: readonly Scene[] = [
  { times: 5, play: customers },
  { times: 3, play: addresses },
  { times: 3, play: portal },
  { times: 2, play: billing },
  { times: 2, play: rates },
]
