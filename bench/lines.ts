/**
 * Audit lines for benchmarks: JSON of about 430 bytes, each different, the same for the same number. In chunks, so that ten
 * million of them need no memory.
 */
const FIRST_TIME = Date.UTC(2026, 0, 22, 10, 45, 32, 123)
const USERS = [
  'john.smith',
  'sarah.jones',
  'mike.wilson',
  'lisa.taylor',
  'bob.morrison',
  'ana.garcia',
  'wei.chen',
  'priya.patel',
]
const ENTITIES = ['customer', 'order', 'product', 'invoice', 'quote', 'project', 'expense']
const FIELDS = ['credit_limit', 'payment_terms', 'status', 'billing_address', 'discount', 'owner']
const ACTIONS = ['update', 'update', 'update', 'create', 'delete', 'view', 'export', 'login']

/** Numbers that look random and are the same each time (splitmix32). */
function mixed(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(8, '0').slice(0, digits)

export function auditLine(number: number): string {
  const a = mixed(number)
  const b = mixed(a)
  const c = mixed(b)
  const user = USERS[a % USERS.length]!
  const entity = ENTITIES[b % ENTITIES.length]!
  const action = ACTIONS[(a >>> 8) % ACTIONS.length]!
  const field = FIELDS[(b >>> 8) % FIELDS.length]!
  const id = `${entity.slice(0, 4).toUpperCase()}-${10000 + (c % 90000)}`
  const old = 1000 + ((a >>> 16) % 90000)
  const now = 1000 + ((b >>> 16) % 90000)
  return JSON.stringify({
    time: new Date(FIRST_TIME + number * 7).toISOString(),
    user,
    user_id: `u-${1000 + (a % 9000)}`,
    action,
    entity,
    entity_id: id,
    ip: `192.168.${b & 255}.${1 + (c % 250)}`,
    session: `sess_${hex(a, 8)}${hex(c, 8)}`,
    changes: [{ field, old: String(old), new: String(now) }],
    message: `${user} did ${action} on ${entity} ${id}: ${field} is ${now} now, it was ${old} before`,
    status: (c & 15) === 0 ? 'failure' : 'success',
    request_id: `${hex(b, 8)}-${hex(c, 4)}-${hex((a ^ c) >>> 0, 4)}-${hex((a ^ b) >>> 0, 8)}`,
  })
}

const LINES_A_CHUNK = 2000

/** This many lines, each with its newline, in chunks of about a megabyte. */
export function* auditLines(count: number): Generator<Buffer> {
  for (let first = 0; first < count; first += LINES_A_CHUNK) {
    let chunk = ''
    for (let i = first; i < Math.min(count, first + LINES_A_CHUNK); i++) chunk += `${auditLine(i)}\n`
    yield Buffer.from(chunk)
  }
}
