import { guidOf, PEOPLE, type Person } from './cast.ts'
import type { Entry, Scene, Stage } from './stage.ts'

/**
 * Creatio: the audit log (users' authorisation, roles, access permissions, system settings, its own archiving) and the
 * change log (records with their previous and new values). Both come as one stream, distinguished by `Log`.
 */
type Columns = Readonly<Record<string, unknown>>

const AUTHORIZATION = 'User authorization'
/** Requests from outside pass the proxy, whose address follows the client's. */
const PROXY = '10.0.0.2'

const guidFor = (who: Person): string => guidOf(Number(who.id.slice(2)))

function audit(
  stage: Stage,
  who: Person,
  eventType: string,
  action: string,
  description: string,
  more: Columns = {},
): Entry {
  return {
    system: 'creatio',
    row: {
      Id: guidOf(stage.number()),
      Date: stage.now.toISOString(),
      Log: 'Audit log',
      EventType: eventType,
      Action: action,
      User: who.name,
      UserId: guidFor(who),
      Email: who.email,
      ClientIP: who.ip,
      Result: eventType === AUTHORIZATION ? 'Authorization' : 'Success',
      Description: description,
      ...more,
    },
  }
}

interface ChangedColumn {
  readonly field: string
  readonly old: string | null
  readonly new: string | null
}

function logged(
  stage: Stage,
  who: Person,
  action: 'Insert' | 'Update' | 'Delete',
  object: { entity: string; id: string; name: string },
  changes: readonly ChangedColumn[],
): Entry {
  return {
    system: 'creatio',
    row: {
      Id: guidOf(stage.number()),
      Date: stage.now.toISOString(),
      Log: 'Change log',
      Action: action,
      User: who.name,
      UserId: guidFor(who),
      Email: who.email,
      Entity: object.entity,
      EntityId: object.id,
      EntityName: object.name,
      Changes: changes,
    },
  }
}

function* signedIn(stage: Stage, who: Person): Generator<Entry, void> {
  const key = `creatio ${who.id}`
  if (stage.world.sessions.has(key)) return
  const session = guidOf(stage.number())
  stage.world.sessions.set(key, session)
  yield audit(stage, who, AUTHORIZATION, 'Login', `User ${who.name} logged in`, { SessionId: session })
}

function* signOut(stage: Stage, who: Person): Generator<Entry, void> {
  const key = `creatio ${who.id}`
  const session = stage.world.sessions.get(key)
  stage.world.sessions.delete(key)
  yield audit(stage, who, AUTHORIZATION, 'Logout', `User ${who.name} logged out`, {
    SessionId: session ?? null,
  })
}

/** Prices and balances: the purpose of a change log according to the manual. */
function* business(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  yield* signedIn(stage, PEOPLE.lisa)
  const customer = random.pick(world.customers)
  const paid = random.int(50, 900)
  const before = customer.balance
  customer.balance = before - paid < 0 ? customer.limit : before - paid
  const account = { entity: 'Account', id: customer.creatio, name: customer.name }
  yield logged(stage, PEOPLE.lisa, 'Update', account, [
    { field: 'Balance', old: before.toFixed(2), new: customer.balance.toFixed(2) },
  ])
  yield* signedIn(stage, PEOPLE.mike)
  const product = random.pick(world.products)
  const price = product.price
  product.price = Math.round(price * random.pick([97, 101, 104])) / 100
  yield logged(
    stage,
    PEOPLE.mike,
    'Update',
    { entity: 'Product', id: guidOf(Number(product.id.slice(4))), name: product.name },
    [{ field: 'Price', old: price.toFixed(2), new: product.price.toFixed(2) }],
  )
}

function* contacts(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const who = random.pick([PEOPLE.john, PEOPLE.sarah])
  yield* signedIn(stage, who)
  const customer = random.pick(world.customers)
  const lead = { entity: 'Lead', id: guidOf(stage.number()), name: `${customer.name}, more seats` }
  yield logged(stage, who, 'Insert', lead, [
    { field: 'Contact', old: null, new: customer.contact },
    { field: 'Budget', old: null, new: String(random.int(10, 90) * 100) },
  ])
  yield logged(stage, who, 'Update', lead, [{ field: 'Status', old: 'New', new: 'Qualified' }])
  if (random.chance(0.3))
    yield logged(stage, who, 'Delete', lead, [{ field: 'Status', old: 'Qualified', new: null }])
  if (random.chance(0.3)) yield* signOut(stage, who)
}

/** A wrong password in the morning. */
function* mistyped(stage: Stage): Generator<Entry, void> {
  const who = stage.random.pick([PEOPLE.john, PEOPLE.lisa])
  yield audit(stage, who, AUTHORIZATION, 'Login', `User ${who.name} failed to log in: wrong password`, {
    Result: 'Authorization denied',
  })
  stage.world.sessions.delete(`creatio ${who.id}`)
  yield* signedIn(stage, who)
  yield* signOut(stage, who)
}

export function roleGranted(stage: Stage, actor: Person, who: Person, role: string, ip: string): Entry {
  return audit(
    stage,
    actor,
    'User role structure',
    'User role change',
    `User ${who.name} was added to the role ${role}`,
    { ClientIP: `${ip}, ${PROXY}`, Entity: 'Role', EntityName: role, TargetUser: who.name },
  )
}

export function rightsChanged(stage: Stage, actor: Person, role: string, right: string, ip: string): Entry {
  return audit(
    stage,
    actor,
    'Access permissions',
    'Operation permission change',
    `Role ${role} was granted the operation ${right}`,
    { ClientIP: `${ip}, ${PROXY}`, Entity: 'System operation', EntityName: right },
  )
}

function* administration(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.grace
  yield* signedIn(stage, who)
  yield roleGranted(stage, who, PEOPLE.sarah, 'Sales managers', who.ip)
  yield rightsChanged(stage, who, 'Sales managers', 'CanViewSysOperationAudit', who.ip)
  yield audit(
    stage,
    who,
    'Access permissions',
    'Record permission change',
    'Right to edit accounts was withdrawn from All employees',
    { Entity: 'Object', EntityName: 'Account' },
  )
  yield audit(
    stage,
    who,
    'System settings',
    'System setting change',
    'Log user authorization management events',
    {
      Entity: 'System setting',
      EntityId: 'UseAdminUnitAuthorizationLog',
      EntityName: 'Log user authorization management events',
      Changes: [{ field: 'Default value', old: 'false', new: 'true' }],
    },
  )
  yield audit(stage, who, 'Audit log', 'Archive', 'Audit log records older than 90 days were archived', {
    RecordCount: stage.random.int(900, 40_000),
  })
}

export const CREATIO_SCENES: readonly Scene[] = [
  { times: 8, play: business },
  { times: 6, play: contacts },
  { times: 1, play: mistyped },
  { times: 1, play: administration },
]
