import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { missing, samplesOf } from '../testing/samples.ts'

/** Every event of Strapi's table with each of its actions. */
const { integration, files, all } = await samplesOf('strapi')
const code = (kind: string, past: string): string => `strapi.${kind.replaceAll('-', '_')}.${past}`

const CHANGES = [
  ['create', 'created', 'creation'],
  ['update', 'updated', 'change'],
  ['delete', 'deleted', 'deletion'],
] as const

describe('strapi', () => {
  it.each([
    ['content-type', 'security', 'configuration'],
    ['entry', 'change', 'database'],
    ['media', 'change', 'file'],
    ['role', 'security', 'iam'],
    ['permission', 'security', 'iam'],
    ['user', 'security', 'iam'],
    // In no table of the manual, in its code all the same.
    ['component', 'security', 'configuration'],
    ['media-folder', 'change', 'file'],
  ])('knows that a %s was created, updated, deleted', (kind, category, ecs) => {
    const wanted = CHANGES.map(([verb, past, type]) => ({
      'event.action': `${kind}.${verb}`,
      'event.code': code(kind, past),
      'audit.category': category,
      'event.category': ecs,
      'event.type': type,
      'event.outcome': 'success',
    }))
    expect(missing(all, wanted)).toEqual([])
  })

  it('knows publishing, unpublishing, and sign-ins and outs that succeed and fail', () => {
    expect(
      missing(all, [
        { 'event.action': 'entry.publish', 'event.code': 'strapi.entry.published', 'event.type': 'change' },
        {
          'event.action': 'entry.unpublish',
          'event.code': 'strapi.entry.unpublished',
          'event.type': 'change',
        },
        { 'event.code': 'strapi.entry.draft_discarded' },
        {
          'event.action': 'admin.auth.success',
          'event.code': 'strapi.login',
          'event.outcome': 'success',
          'user.name': 'Kai Doe',
        },
        {
          'event.action': 'admin.auth.fail',
          'event.code': 'strapi.login.failed',
          'event.outcome': 'failure',
          'user.email': 'kai.doe@brightline.example',
          'event.reason': 'Invalid credentials',
        },
        { 'event.action': 'admin.logout.success', 'event.code': 'strapi.logout', 'event.outcome': 'success' },
        {
          'event.code': 'strapi.logout.failed',
          'event.outcome': 'failure',
          'event.reason': 'Session expired',
        },
      ]),
    ).toEqual([])
  })

  it('has action, date, user and the details: address, request and response', () => {
    const [event] = (files.get('api.json') ?? []).filter(
      (one) => valueAt(one, 'audit.source_event_id') === '43',
    )
    expect(
      missing(event === undefined ? [] : [event], [
        {
          'event.action': 'entry.update',
          '@timestamp': '2026-01-22T10:42:00.000Z',
          'user.name': 'Anna Lindqvist',
          'user.email': 'anna.lindqvist@brightline.example',
          'source.ip': '10.20.0.41',
          'audit.entity.type': 'api::article.article',
          'audit.entity.id': 'b34eb4cc7358e67d351b92c2',
          'audit.entity.name': 'Prices from February on',
          'audit.change.before': 'title=Prices from January on',
          'audit.payload.payload.request.body.title': 'Prices from February on',
          'audit.payload.payload.response.status': 200,
        },
      ]),
    ).toEqual([])
  })

  it('keeps the payload whole, its secrets masked', () => {
    const source = all.filter((event) => valueAt(event, 'event.dataset') === 'strapi.audit')
    expect(source.length).toBe(all.length)
    for (const event of all) {
      const original = String(valueAt(event, 'event.original'))
      if (!original.startsWith('{')) continue
      const { payload } = JSON.parse(original)
      if (Object.keys(payload).length > 0) expect(valueAt(event, 'audit.payload.payload')).toEqual(payload)
    }
    expect(JSON.stringify(all)).not.toMatch(/guess-1234|hashhash|a1b2c3d4e5f60718/)
  })

  it('reads rows of the table with the payload as text', () => {
    expect(
      missing(files.get('table.csv') ?? [], [
        { 'event.code': 'strapi.media.created', 'audit.entity.name': 'cover.jpg', 'user.id': '2' },
        { 'event.code': 'strapi.role.updated', 'audit.entity.id': '3' },
      ]),
    ).toEqual([])
  })

  it('gives every record a type, and has a record of each', () => {
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id)).map(({ id }) => id)).toEqual([])
  })
})
