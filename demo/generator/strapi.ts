import { PEOPLE, type Person } from './cast.ts'
import type { Entry, Scene, Stage } from './stage.ts'

/**
 * Strapi: action, date, user, and a payload. The payload of older events has the object, that of newer ones has the user, the resource and
 * the details. A failed sign-in has no user, only the account that it was for. A hook of this Strapi adds the address.
 */
type Payload = Readonly<Record<string, unknown>>

function entry(stage: Stage, who: Person | null, action: string, payload: Payload): Entry {
  return {
    system: 'strapi',
    row: {
      id: stage.number(),
      action,
      date: stage.now.toISOString(),
      user: who === null ? null : { id: Number(who.id.slice(2)), displayName: who.name, email: who.email },
      payload: { ...(who === null ? {} : { ip: who.ip }), origin: 'admin-panel', ...payload },
    },
  }
}

/** An event that states its user and its object. */
function audited(
  stage: Stage,
  who: Person,
  action: string,
  resource: Payload,
  details: Payload | null = null,
): Entry {
  const user = { id: Number(who.id.slice(2)), email: who.email, name: who.name }
  return entry(stage, who, action, {
    action,
    date: stage.now.toISOString(),
    actor: { type: 'admin-user', user },
    resource,
    ...(details === null ? {} : { details }),
  })
}

function* signedIn(stage: Stage, who: Person): Generator<Entry, void> {
  const key = `strapi ${who.id}`
  if (stage.world.sessions.has(key)) return
  stage.world.sessions.set(key, key)
  yield entry(stage, who, 'admin.auth.success', { provider: 'local' })
}

function* signOut(stage: Stage, who: Person): Generator<Entry, void> {
  stage.world.sessions.delete(`strapi ${who.id}`)
  yield entry(stage, who, 'admin.logout', {})
}

export function failedSignIn(stage: Stage, email: string, ip: string): Entry {
  return entry(stage, null, 'admin.auth.error', {
    ip,
    action: 'admin.auth.error',
    date: stage.now.toISOString(),
    actor: { type: 'unknown' },
    resource: { type: 'admin-user', email },
    outcome: 'failure',
    details: { provider: 'local', reason: 'invalid_credentials' },
  })
}

const TITLES = [
  'Maintenance on Sunday night',
  'New numbers in Spain',
  'Störung in Berlin behoben',
  'What a SIP trunk is — and is not',
  'Prices from January on',
]

function* article(stage: Stage): Generator<Entry, void> {
  const { random } = stage
  const author = PEOPLE.jean
  const editor = PEOPLE.anna
  yield* signedIn(stage, author)
  const title = random.pick(TITLES)
  const number = stage.number()
  const about = { model: 'article', uid: 'api::article.article' }
  const made = { id: number, documentId: random.hex(24), title, locale: 'en' }
  yield entry(stage, author, 'entry.create', { ...about, entry: { ...made, publishedAt: null } })
  yield* signedIn(stage, editor)
  yield entry(stage, editor, 'entry.update', {
    ...about,
    entry: { ...made, title: `${title} (updated)` },
  })
  yield entry(stage, editor, 'entry.publish', {
    ...about,
    entry: { ...made, publishedAt: stage.now.toISOString() },
  })
  if (random.chance(0.4)) {
    yield entry(stage, editor, 'entry.unpublish', { ...about, entry: { ...made, publishedAt: null } })
    yield entry(stage, editor, 'entry.delete', { ...about, entry: made })
  }
  if (random.chance(0.3)) yield* signOut(stage, author)
}

function* media(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.anna
  yield* signedIn(stage, who)
  const file = {
    id: stage.number(),
    name: `cover-${stage.random.hex(4)}.jpg`,
    mime: 'image/jpeg',
    size: stage.random.int(400, 9000) / 10,
  }
  yield entry(stage, who, 'media.create', { media: file })
  yield entry(stage, who, 'media.update', { media: { ...file, alternativeText: 'A rack of switches' } })
  if (stage.random.chance(0.5)) yield entry(stage, who, 'media.delete', { media: file })
}

function* mistyped(stage: Stage): Generator<Entry, void> {
  yield failedSignIn(stage, PEOPLE.anna.email, PEOPLE.anna.ip)
  stage.world.sessions.delete(`strapi ${PEOPLE.anna.id}`)
  yield* signedIn(stage, PEOPLE.anna)
  yield* signOut(stage, PEOPLE.anna)
}

function* administration(stage: Stage): Generator<Entry, void> {
  const who = PEOPLE.grace
  yield* signedIn(stage, who)
  const type = { uid: 'api::notice.notice', displayName: 'Notice' }
  yield entry(stage, who, 'content-type.create', { contentType: type })
  yield entry(stage, who, 'content-type.update', { contentType: { ...type, draftAndPublish: true } })
  yield entry(stage, who, 'content-type.delete', { contentType: type })
  const role = { id: stage.number(), name: 'Guest author', code: 'guest-author' }
  yield entry(stage, who, 'role.create', { role })
  const permission = { id: stage.number(), action: 'plugin::upload.read', role: role.id }
  yield entry(stage, who, 'permission.create', { permissions: [permission] })
  yield entry(stage, who, 'permission.update', {
    permissions: { ...permission, conditions: ['admin::is-creator'] },
  })
  yield entry(stage, who, 'permission.delete', { permissions: [permission] })
  yield entry(stage, who, 'role.update', { role: { ...role, name: 'Guest editor' } })
  const email = 'guest.author@brightline.example'
  const guest = { type: 'admin-user', id: stage.number(), email }
  const named = { email, firstname: 'Guest', lastname: 'Author', roles: [role.id], isActive: true }
  yield audited(stage, who, 'admin-user.create', guest, named)
  yield audited(stage, who, 'admin-user.update', guest, {
    changes: { isActive: { before: true, after: false } },
  })
  yield audited(stage, who, 'admin-user.delete', guest)
  yield entry(stage, who, 'role.delete', { role })
  const token = { type: 'content-api', id: stage.number(), name: 'Website' }
  const find = 'api::notice.notice.find'
  yield audited(stage, who, 'token.create', token, { type: 'custom', permissions: [find], expiresAt: null })
  yield audited(stage, who, 'token.update', token, {
    changes: {
      type: { before: 'custom', after: 'full-access' },
      permissions: { before: [find], after: [] },
    },
  })
  yield audited(stage, who, 'token.delete', token)
  const webhook = { type: 'webhook', id: String(stage.number()), name: 'Rebuild the site' }
  yield audited(stage, who, 'webhook.create', webhook, {
    url: 'https://hooks.example',
    events: ['entry.publish'],
    headers: ['Authorization'],
    isEnabled: true,
  })
  yield audited(stage, who, 'webhook.update', webhook, {
    changes: { isEnabled: { before: true, after: false } },
  })
  yield audited(stage, who, 'webhook.delete', webhook)
}

export const STRAPI_SCENES: readonly Scene[] = [
  { times: 5, play: article },
  { times: 3, play: media },
  { times: 1, play: mistyped },
  { times: 1, play: administration },
]
