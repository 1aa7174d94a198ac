import { describe, expect, it } from 'vitest'
import { type AuditEvent, valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf } from '../testing/samples.ts'

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
    // These are in no table of the manual, but in the code.
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
      // A webhook has no payload.
      const { payload = {} } = JSON.parse(original)
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

  describe('of the current release', () => {
    const current = files.get('current.json') ?? []

    it('knows tokens, and that full access is a risk', () => {
      expect(
        missing(current, [
          {
            'event.code': 'strapi.token.updated',
            'audit.category': 'security',
            'event.category': 'iam',
            'audit.change.before': 'type=custom',
            'audit.change.after': 'type=full-access',
            'audit.risk': 'high',
            'audit.entity.type': 'token',
            'audit.entity.name': 'Website',
            'audit.variant': 'content-api',
          },
          { 'event.code': 'strapi.token.created', 'audit.entity.name': 'Export job', 'audit.risk': 'high' },
          { 'event.code': 'strapi.token.regenerated', 'audit.variant': 'transfer' },
          { 'event.code': 'strapi.token.deleted', 'event.outcome': 'success' },
        ]),
      ).toEqual([])
      const renamed = current.filter((one) => valueAt(one, 'audit.change.fields')?.toString() === 'name')
      expect(renamed.map((one) => valueAt(one, 'audit.risk'))).toEqual([undefined, undefined])
    })

    it('knows what became of accounts, to whom it was done, and by whom', () => {
      expect(
        missing(current, [
          {
            'event.code': 'strapi.user.updated',
            'event.action': 'admin-user.update',
            'user.name': 'Kai Doe',
            'user.target.email': 'ines.maro@brightline.example',
            'audit.change.before': 'roles=[3]',
            'audit.change.after': 'isActive=true',
          },
          { 'event.code': 'strapi.user.password.changed', 'audit.category': 'security' },
          {
            'event.code': 'strapi.user.password_reset.requested',
            'user.target.email': 'ines.maro@brightline.example',
          },
          { 'event.code': 'strapi.second_factor.reset', 'user.id': '1', 'user.target.id': '12' },
          { 'event.code': 'strapi.second_factor.disabled', 'audit.risk': 'high' },
        ]),
      ).toEqual([])
    })

    it('a second factor that was wrong is a failure, one that is awaited is none yet', () => {
      expect(
        missing(current, [
          {
            'event.code': 'strapi.second_factor.challenge.failed',
            'event.outcome': 'failure',
            'user.name': 'Kai Doe',
          },
          {
            'event.code': 'strapi.login.mfa_required',
            'event.outcome': 'unknown',
            'user.email': 'kai.doe@brightline.example',
          },
          { 'event.code': 'strapi.second_factor.locked', 'event.outcome': 'failure' },
          {
            'event.code': 'strapi.login.failed',
            'event.outcome': 'failure',
            'event.reason': 'account_inactive',
            'user.email': 'ines.maro@brightline.example',
          },
          { 'event.code': 'strapi.release.triggered', 'event.outcome': 'failure', 'user.name': 'System' },
          { 'event.code': 'strapi.release.triggered', 'event.outcome': 'success', 'user.name': 'Kai Doe' },
        ]),
      ).toEqual([])
    })

    it('knows webhooks, workflows, security settings, and from where something was done', () => {
      expect(
        missing(current, [
          {
            'event.code': 'strapi.webhook.updated',
            'audit.category': 'security',
            'audit.change.before': 'isEnabled=true',
            'audit.change.fields': 'headers',
          },
          {
            'event.code': 'strapi.webhook.updated',
            'audit.change.after': 'headers={"added":[],"changed":[],"removed":["X-Site"]}',
          },
          {
            'event.code': 'strapi.workflow.updated',
            'audit.change.after': 'stageRequiredToPublish=Approved',
          },
          {
            'event.code': 'strapi.security_settings.updated',
            'audit.risk': 'high',
            'audit.change.after': 'mfa={"graceDays":7,"mode":"off"}',
          },
          { 'event.code': 'strapi.entry.stage_changed', 'audit.parent.name': 'Editorial' },
          { 'event.code': 'strapi.entry.updated', 'audit.channel': 'mcp' },
          { 'event.code': 'strapi.audit_log.exported', 'audit.risk': 'medium' },
        ]),
      ).toEqual([])
    })

    it('a row of its CSV is the entry of its API', () => {
      const rows = files.get('export.csv') ?? []
      expect(rows.length).toBe(7)
      for (const row of rows) {
        const [entry] = current.filter((one) => valueAt(one, 'event.id') === valueAt(row, 'event.id'))
        for (const path of [
          'event.code',
          'user.name',
          'user.email',
          'user.id',
          'event.outcome',
          'audit.changes',
        ])
          expect(valueAt(row, path)).toEqual(valueAt(entry ?? {}, path))
      }
      expect(missing(rows, [{ 'user.name': 'Kai Doe', 'user.email': 'kai.doe@brightline.example' }])).toEqual(
        [],
      )
    })

    it('what it does not know has no outcome, and is of security where its words say so', () => {
      const event = (action: string): AuditEvent | undefined =>
        eventsIn(
          recordsOf(
            integration,
            `{"id":1,"action":"${action}","date":"2026-01-22T10:00:00Z","payload":{}}\n`,
          ),
        )[0]
      expect(valueAt(event('token.revoke') ?? {}, 'audit.category')).toBe('security')
      expect(valueAt(event('token.revoke') ?? {}, 'event.outcome')).toBe('unknown')
      expect(valueAt(event('newsletter.send') ?? {}, 'audit.category')).toBe('activity')
    })
  })

  it('gives every record a type, and has a record of each', () => {
    expect(all.filter((event) => valueAt(event, 'event.code') === undefined)).toEqual([])
    const codes = new Set(all.map((event) => valueAt(event, 'event.code')))
    expect(integration.events.filter(({ id }) => !codes.has(id)).map(({ id }) => id)).toEqual([])
  })

  it('webhooks have their entry at the top', () => {
    expect(
      missing(files.get('webhooks.jsonl')!, [
        {
          'event.code': 'strapi.entry.created',
          'audit.entity.type': 'api::article.article',
          'audit.entity.id': 'jvsh2zvh5m1sk0jg6ew0ykzk',
          'audit.entity.name': 'Prices of 2027',
          '@timestamp': '2025-10-05T09:12:33.120Z',
        },
        {
          'event.code': 'strapi.media.deleted',
          'audit.entity.id': '31',
          'audit.entity.name': 'contract.pdf',
        },
      ]),
    ).toEqual([])
  })
})
