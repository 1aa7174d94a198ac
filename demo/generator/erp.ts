import { type Customer, PEOPLE, type Person } from './cast.ts'
import { type Entry, money, type Play, type Scene, type Stage } from './stage.ts'

/**
 * The ERP: `Audit Log Entry` of its manual gives the columns (event id, timestamp, action, entity, record id and name, result,
 * user, role, IP address, location, device, session id, changes, related events); security events add status and
 * risk, system events component and status, API requests method, path, response code and time.
 */
type Columns = Readonly<Record<string, unknown>>

const AUTOMATON = { user: 'System' }
const API = { user: 'API (Main)', user_id: 'api-main', ip_address: '198.51.100.20', channel: 'api' }

function entry(stage: Stage, columns: Columns): Entry {
  return {
    system: 'erp',
    row: {
      event_id: `LOG-${stage.now.getUTCFullYear()}-${stage.number()}`,
      timestamp: stage.now.toISOString(),
      ...columns,
    },
  }
}

/** User, address and device: the columns that every record of a person has. */
function by(stage: Stage, who: Person, ip: string = who.ip): Columns {
  const session = stage.world.sessions.get(`erp ${who.id}`)
  return {
    user: who.name,
    user_id: who.id,
    email: who.email,
    role: stage.world.roles.get(who.id) ?? who.role,
    ip_address: ip,
    location: ip === who.ip ? who.location : 'Unknown (estimated)',
    device: ip === who.ip ? who.device : 'Chrome on Linux',
    ...(session === undefined ? {} : { session_id: session }),
  }
}

const about = (module: string, entity: string, id: string, name: string): Columns => ({
  module,
  entity,
  record_id: id,
  record_name: name,
})

const customerColumns = (customer: Customer): Columns =>
  about('Customers', 'Customer', customer.erp, customer.name)

const change = (field: string, previous: string | null, next: string | null): Columns => ({
  field,
  previous_value: previous,
  new_value: next,
})

const security = (event: string, status: 'Success' | 'Warning' | 'Blocked', risk: string): Columns => ({
  type: 'Security Events',
  event,
  status,
  risk,
})

const SUCCESS = { result: 'Success' }

export function* signIn(stage: Stage, who: Person, ip: string = who.ip): Generator<Entry, void> {
  stage.world.sessions.set(`erp ${who.id}`, `sess_${stage.random.hex(12)}`)
  const night = stage.now.getUTCHours() >= 22 || stage.now.getUTCHours() < 6
  yield entry(stage, {
    ...security('Login Success', 'Success', night ? 'Medium' : 'Low'),
    action: 'Login',
    ...about('Security', 'Session', who.id, who.name),
    ...SUCCESS,
    ...by(stage, who, ip),
    message: `Logged in from ${ip}`,
  })
}

function* signOut(stage: Stage, who: Person): Generator<Entry, void> {
  yield entry(stage, {
    type: 'User Actions',
    action: 'Logout',
    ...about('Security', 'Session', who.id, who.name),
    ...SUCCESS,
    ...by(stage, who),
  })
  stage.world.sessions.delete(`erp ${who.id}`)
}

function* signedIn(stage: Stage, who: Person): Generator<Entry, void> {
  if (!stage.world.sessions.has(`erp ${who.id}`)) yield* signIn(stage, who)
}

export function failedSignIn(stage: Stage, who: Person, attempt: number, ip: string): Entry {
  return entry(stage, {
    ...security(
      `Failed Login (${attempt}/5)`,
      attempt === 5 ? 'Blocked' : 'Warning',
      attempt < 3 ? 'Low' : attempt < 5 ? 'Medium' : 'High',
    ),
    action: 'Login',
    ...about('Security', 'Session', who.id, who.name),
    result: 'Failure',
    reason: 'wrong password',
    attempt,
    max_attempts: 5,
    user: who.name,
    user_id: who.id,
    email: who.email,
    ip_address: ip,
    location: ip === who.ip ? who.location : 'Unknown (estimated)',
    device: ip === who.ip ? who.device : 'Chrome on Linux',
    message: `Failed Login (${attempt}/5) for ${who.email} from ${ip}`,
  })
}

export function accountLocked(stage: Stage, who: Person, ip: string): Entry {
  return entry(stage, {
    ...security('Account Locked', 'Blocked', 'High'),
    action: 'Account Locked',
    ...about('Security', 'User', who.id, who.name),
    result: 'Failure',
    ...AUTOMATON,
    target_user: who.name,
    ip_address: ip,
    message: `Account locked: ${who.name}, after 5 failed logins from ${ip}`,
  })
}

export function roleChanged(stage: Stage, actor: Person, who: Person, role: string, ip: string): Entry {
  const before = stage.world.roles.get(who.id) ?? who.role
  stage.world.roles.set(who.id, role)
  return entry(stage, {
    ...security('Permission Changed', 'Success', 'High'),
    action: 'Permission Changed',
    ...about('Security', 'User', who.id, who.name),
    ...SUCCESS,
    ...by(stage, actor, ip),
    target_user: who.name,
    changes: [change('Role', before, role)],
    message: `Role of ${who.name} changed from ${before} to ${role}`,
  })
}

export function apiKeyCreated(stage: Stage, actor: Person, name: string, ip: string): Entry {
  return entry(stage, {
    ...security('API Key Created', 'Success', 'Medium'),
    action: 'API Key Created',
    ...about('Security', 'API Key', `KEY-${stage.number()}`, name),
    ...SUCCESS,
    ...by(stage, actor, ip),
    message: `API key generated: ${name}`,
  })
}

export function passwordReset(stage: Stage, actor: Person, who: Person, ip: string): Entry {
  return entry(stage, {
    ...security('Password Reset', 'Success', 'Low'),
    action: 'Password Reset',
    ...about('Security', 'User', who.id, who.name),
    ...SUCCESS,
    ...by(stage, actor, ip),
    target_user: who.name,
  })
}

export function exported(stage: Stage, who: Person, list: string, count: number, ip: string): Entry {
  return entry(stage, {
    type: 'User Actions',
    action: 'Export',
    ...about(list, list.replace(/s$/, ''), `EXP-${stage.number()}`, `${list} list`),
    ...SUCCESS,
    ...by(stage, who, ip),
    record_count: count,
    format: count > 1000 ? 'CSV' : 'XLSX',
    message: `Exported ${count.toLocaleString('en-US')} ${list.toLowerCase()}`,
  })
}

export function viewed(stage: Stage, who: Person, columns: Columns, ip: string = who.ip): Entry {
  return entry(stage, {
    type: 'View/Read Actions',
    action: 'View',
    ...columns,
    ...SUCCESS,
    ...by(stage, who, ip),
  })
}

export const financialReport: Columns = about(
  'Finance',
  'Financial Record',
  'FIN-2026-Q3',
  'Receivables by customer',
)

const recordChange = (stage: Stage, who: Person, action: string, columns: Columns, more: Columns): Entry =>
  entry(stage, { type: 'Record Changes', action, ...columns, ...SUCCESS, ...by(stage, who), ...more })

/** The example of the manual: a user raises a credit limit, the ERP requests an approval and notifies a manager. */
function* creditLimit(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const customer = random.pick(world.customers)
  const who = random.pick([PEOPLE.john, PEOPLE.sarah])
  yield* signedIn(stage, who)
  yield viewed(stage, who, customerColumns(customer))
  const limit = customer.limit
  const terms = customer.terms
  const step = random.pick([-2_500, 2_500, 5_000])
  customer.limit = limit + step < 2_000 || limit + step > 90_000 ? 10_000 : limit + step
  const changes = [change('Credit Limit', money(limit), money(customer.limit))]
  if (random.chance(0.4)) {
    customer.terms = terms === 'Net 30' ? 'Net 45' : 'Net 30'
    changes.push(change('Payment Terms', terms, customer.terms))
  }
  const updated = recordChange(stage, who, 'Update', customerColumns(customer), { changes })
  yield updated
  const caused = { related_events: [updated.row.event_id] }
  yield entry(stage, {
    type: 'User Actions',
    action: 'Permission Request',
    event: 'Approval request created',
    ...customerColumns(customer),
    ...SUCCESS,
    ...by(stage, who),
    ...caused,
  })
  yield entry(stage, {
    type: 'System Events',
    action: 'Notification',
    event: 'Manager notification sent',
    component: 'Notifications',
    status: 'Success',
    ...AUTOMATON,
    ...caused,
    message: `Manager notified of the credit limit of ${customer.name}`,
  })
}

function* orders(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const who = PEOPLE.sarah
  const customer = random.pick(world.customers)
  const product = random.pick(world.products)
  yield* signedIn(stage, who)
  const quantity = random.int(1, 12)
  const amount = money(product.price * quantity)
  const number = String(stage.number())
  const year = stage.now.getUTCFullYear()
  const named = { customer: customer.name, customer_id: customer.erp, amount }
  yield recordChange(stage, who, 'Create', about('Quotes', 'Quote', `QT-${year}-${number}`, customer.name), {
    ...named,
  })
  const order = about('Orders', 'Order', `SO-${year}-${number}`, `${quantity} × ${product.name}`)
  yield recordChange(stage, who, 'Create', order, {
    ...named,
    changes: [change('Status', null, 'Draft'), change('Total', null, amount)],
  })
  yield viewed(stage, who, order)
  yield recordChange(stage, who, 'Update', order, { changes: [change('Status', 'Draft', 'Confirmed')] })
  const invoice = about('Invoices', 'Invoice', `INV-${year}-${number}`, customer.name)
  yield entry(stage, {
    type: 'API Requests',
    action: 'Create',
    ...invoice,
    ...SUCCESS,
    ...API,
    method: 'POST',
    path: '/api/v2/invoices',
    response_code: 201,
    duration_ms: random.int(40, 420),
    ...named,
  })
}

function* products(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  const who = PEOPLE.mike
  yield* signedIn(stage, who)
  const product = random.pick(world.products)
  const columns = about('Products', 'Product', product.id, product.name)
  const price = product.price
  product.price = Math.round(price * random.pick([95, 102, 105])) / 100
  yield recordChange(stage, who, 'Update', columns, {
    changes: [change('List Price', money(price), money(product.price))],
  })
  const sample = about('Products', 'Product', `PRD-${stage.number()}`, 'Sample headset H1')
  yield recordChange(stage, who, 'Create', sample, { changes: [change('List Price', null, money(59))] })
  yield recordChange(stage, who, 'Delete', sample, { changes: [change('List Price', money(59), null)] })
  yield entry(stage, {
    type: 'Record Changes',
    action: 'Import',
    ...about('Products', 'Product', `IMP-${stage.number()}`, 'supplier-prices.csv'),
    result: random.chance(0.2) ? 'Warning' : 'Success',
    ...by(stage, who),
    record_count: random.int(20, 800),
  })
}

function* apiReads(stage: Stage): Generator<Entry, void> {
  const { random, world } = stage
  for (let left = random.int(2, 5); left > 0; left--) {
    const customer = random.pick(world.customers)
    const code = random.pick([200, 200, 200, 200, 304, 404, 429, 500])
    yield entry(stage, {
      type: 'API Requests',
      action: 'View',
      ...customerColumns(customer),
      result: code < 400 ? 'Success' : 'Failure',
      ...API,
      method: 'GET',
      path: `/api/v2/customers/${customer.erp}`,
      response_code: code,
      duration_ms: random.int(4, 180),
    })
  }
}

function* reports(stage: Stage): Generator<Entry, void> {
  const { random } = stage
  const who = PEOPLE.lisa
  yield* signedIn(stage, who)
  yield viewed(stage, who, financialReport)
  yield entry(stage, {
    type: 'User Actions',
    action: 'Report Generated',
    ...about(
      'Reports',
      'Report',
      `RPT-${stage.number()}`,
      random.pick(['Data Change Report', 'User Access Report']),
    ),
    ...SUCCESS,
    ...by(stage, who),
    format: 'PDF',
  })
  yield exported(stage, who, random.pick(['Orders', 'Invoices']), random.int(20, 400), who.ip)
}

function* account(stage: Stage): Generator<Entry, void> {
  const { random } = stage
  const who = random.pick([PEOPLE.lisa, PEOPLE.mike, PEOPLE.bob, PEOPLE.sarah])
  yield* signedIn(stage, who)
  const self = about('Security', 'User', who.id, who.name)
  yield entry(stage, {
    ...security('Password Changed', 'Success', 'Low'),
    action: 'Password Change',
    ...self,
    ...SUCCESS,
    ...by(stage, who),
  })
  yield entry(stage, {
    ...security('2FA Enabled', 'Success', 'Low'),
    action: '2FA Enabled',
    ...self,
    ...SUCCESS,
    ...by(stage, who),
  })
  const phone = (): string => `+1 212 555 01${random.int(10, 99)}`
  yield entry(stage, {
    type: 'User Actions',
    action: 'Profile Update',
    ...self,
    ...SUCCESS,
    ...by(stage, who),
    changes: [change('Phone', phone(), phone())],
  })
  yield* signOut(stage, who)
}

/** Someone forgot a password: a series that succeeds after three failures. */
function* forgotten(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.mike
  for (const attempt of [1, 2, 3]) yield failedSignIn(stage, who, attempt, who.ip)
  yield passwordReset(stage, PEOPLE.grace, who, PEOPLE.grace.ip)
  yield* signIn(stage, who)
}

/** Someone forgot it completely. */
function* lockedOut(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.sarah
  stage.world.sessions.delete(`erp ${who.id}`)
  for (const attempt of [1, 2, 3, 4, 5]) yield failedSignIn(stage, who, attempt, who.ip)
  yield accountLocked(stage, who, who.ip)
  yield passwordReset(stage, PEOPLE.grace, who, PEOPLE.grace.ip)
  yield* signIn(stage, who)
}

function* administration(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.grace
  yield* signedIn(stage, who)
  yield entry(stage, {
    type: 'User Actions',
    action: 'Settings Change',
    ...about('Settings', 'Setting', 'audit.retention.system', 'Retention of system events'),
    ...SUCCESS,
    ...by(stage, who),
    changes: [change('Archive', '90 days', '1 year')],
  })
  yield entry(stage, {
    type: 'User Actions',
    action: 'Settings Change',
    ...about('Settings', 'Alert Rule', 'alert-mass-export', 'Mass Data Export'),
    ...SUCCESS,
    ...by(stage, who),
    changes: [change('Record count greater than', '5,000', '1,000'), change('Status', null, 'Active')],
  })
  yield apiKeyCreated(stage, who, 'Shopify sync key', who.ip)
  yield roleChanged(stage, who, PEOPLE.sarah, 'Senior Sales Representative', who.ip)
  yield roleChanged(stage, who, PEOPLE.sarah, PEOPLE.sarah.role, who.ip)
}

const JOBS: readonly [event: string, component: string][] = [
  ['Scheduled Backup', 'Database'],
  ['Email Queue Process', 'Notifications'],
  ['Currency Rate Update', 'Finance'],
  ['Index Rebuild', 'Search'],
  ['Log Rotation', 'System'],
  ['Scheduled Reports', 'Reports'],
  ['Daily Reconciliation', 'Finance'],
  ['Integration Sync', 'Shopify'],
]

function* jobs(stage: Stage): Generator<Entry, void> {
  for (const [event, component] of JOBS) {
    const odd = event === 'Daily Reconciliation'
    yield entry(stage, {
      type: 'System Events',
      action: 'Scheduled Job',
      event,
      component,
      status: odd ? 'Warning' : 'Success',
      ...AUTOMATON,
      duration_ms: stage.random.int(150, 90_000),
      message: odd ? '2 payments without an invoice' : `${event} finished`,
    })
  }
}

function* troubles(stage: Stage): Generator<Entry, void> {
  yield entry(stage, {
    type: 'System Events',
    action: 'Error',
    event: 'Integration Error',
    component: 'Shopify',
    status: 'Error',
    ...AUTOMATON,
    // Errors include their stack: a JSON text with newlines, on one line of the file.
    message:
      'Shopify answered 502: order not synchronised\n    at sync (orders.js:88)\n    at run (queue.js:19)',
  })
  yield entry(stage, {
    type: 'System Events',
    action: 'Performance Alert',
    event: 'Slow response',
    component: 'Search',
    status: 'Warning',
    ...AUTOMATON,
    duration_ms: stage.random.int(2_000, 9_000),
    message: 'Average response above 2 s for 5 minutes',
  })
  yield entry(stage, {
    type: 'System Events',
    action: 'Configuration Change',
    event: 'Configuration reloaded',
    component: 'System',
    status: 'Success',
    ...AUTOMATON,
    changes: [change('search.workers', '2', '4')],
  })
}

const scene = (times: number, play: Play): Scene => ({ times, play })

export const ERP_SCENES: readonly Scene[] = [
  scene(5, creditLimit),
  scene(5, orders),
  scene(2, products),
  scene(6, apiReads),
  scene(2, reports),
  scene(1, account),
  scene(1, forgotten),
  scene(1, lockedOut),
  scene(1, administration),
  scene(1, jobs),
  scene(1, troubles),
]
