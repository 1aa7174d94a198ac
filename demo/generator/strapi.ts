import { PEOPLE, type Person } from './cast.ts'
import type { Entry, Scene, Stage } from './stage.ts'

/**
 * Strapi: action, date, user, and a payload with the details: the address, the request's body, the answer's body. A failed
 * login has no user, only what was typed.
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
      payload: { ...(who === null ? {} : { ip: who.ip }), ...payload },
    },
  }
}

function* signedIn(stage: Stage, who: Person): Generator<Entry, void> {
  const key = `strapi ${who.id}`
  if (stage.world.sessions.has(key)) return
  stage.world.sessions.set(key, key)
  yield entry(stage, who, 'admin.auth.success', { provider: 'local' })
}

function* signOut(stage: Stage, who: Person): Generator<Entry, void> {
  stage.world.sessions.delete(`strapi ${who.id}`)
  yield entry(stage, who, 'admin.logout.success', {})
}

export function failedSignIn(stage: Stage, email: string, ip: string): Entry {
  return entry(stage, null, 'admin.auth.fail', {
    ip,
    provider: 'local',
    request: { body: { email } },
    response: { status: 400, body: { error: { name: 'ApplicationError', message: 'Invalid credentials' } } },
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
  yield entry(stage, author, 'entry.create', {
    ...about,
    entry: { ...made, publishedAt: null },
    request: { method: 'POST', url: `/content-manager/collection-types/${about.uid}`, body: { title } },
    response: { status: 201, body: { data: { id: number } } },
  })
  yield* signedIn(stage, editor)
  yield entry(stage, editor, 'entry.update', {
    ...about,
    entry: { ...made, title: `${title} (updated)` },
    request: { method: 'PUT', body: { title: `${title} (updated)` } },
    response: { status: 200, body: { data: { id: number } } },
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
  yield entry(stage, who, 'permission.create', { role, permission: { action: 'plugin::upload.read' } })
  yield entry(stage, who, 'permission.update', {
    role,
    permission: { action: 'plugin::upload.read', conditions: ['admin::is-creator'] },
  })
  yield entry(stage, who, 'permission.delete', { role, permission: { action: 'plugin::upload.read' } })
  yield entry(stage, who, 'role.update', { role: { ...role, name: 'Guest editor' } })
  const guest = { id: stage.number(), email: 'guest.author@brightline.example', roles: [role.name] }
  yield entry(stage, who, 'user.create', { user: guest })
  yield entry(stage, who, 'user.update', { user: { ...guest, isActive: false } })
  yield entry(stage, who, 'user.delete', { user: guest })
  yield entry(stage, who, 'role.delete', { role })
}

export const STRAPI_SCENES: readonly Scene[] = [
  { times: 5, play: article },
  { times: 3, play: media },
  { times: 1, play: mistyped },
  { times: 1, play: administration },
]
