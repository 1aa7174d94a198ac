import { describe, expect, it } from 'vitest'
import { valueAt } from '../../../schema/index.ts'
import { eventsIn, missing, recordsOf, samplesOf, textsOf } from '../testing/samples.ts'

const { integration, files, all } = await samplesOf('github')
const event = (record: object) => eventsIn(recordsOf(integration, `${JSON.stringify(record)}\n`))[0]!

describe('github', () => {
  it('knows every type of its catalogue, from lines, lists and rows', () => {
    const codes = new Set(all.map((one) => valueAt(one, 'event.code')))
    expect(integration.events.map(({ id }) => id).filter((id) => !codes.has(id))).toEqual([])
    expect(files.get('export.json')).toHaveLength(3)
    expect(files.get('export.csv')).toHaveLength(3)
    expect(all.filter((one) => valueAt(one, 'event.kind') !== 'event')).toEqual([])
  })

  it.each([
    ['org.update_member', 'permission', 'read', 'admin'],
    ['repo.access', 'visibility', 'private', 'public'],
    ['repo.rename', 'name', 'shop', 'store'],
    ['protected_branch.update_required_approving_review_count', 'required_approving_review_count', '2', '1'],
    ['hook.config_changed', 'url', 'https://hooks.example.com/old', 'https://hooks.example.com/new'],
  ])('%s says what %s was', (action, field, old, now) => {
    const found = all.filter((one) => valueAt(one, 'event.action') === action)
    expect(found.length).toBeGreaterThan(0)
    for (const one of found) expect(valueAt(one, 'audit.changes')).toEqual([{ field, new: now, old }])
  })

  it('a row of an export is the same event as the line', () => {
    const ids = new Set(files.get('audit.jsonl')!.map((one) => valueAt(one, 'event.id')))
    for (const file of ['export.csv', 'export.json'])
      for (const one of files.get(file)!) expect(ids).toContain(valueAt(one, 'event.id'))
  })

  it.each([
    ['user.failed_login', {}, 'failure'],
    ['user.login', {}, 'unknown'],
    ['repo.create', {}, 'success'],
    ['personal_access_token.access_granted', {}, 'unknown'],
    ['workflows.completed_workflow_run', { conclusion: 'failure' }, 'failure'],
    ['api.request', { status_code: 404 }, 'failure'],
  ])('the outcome of %s %j is %s', (action, more, outcome) => {
    expect(valueAt(event({ action, ...more }), 'event.outcome') ?? 'unknown').toBe(outcome)
  })

  it('says who did it to whom, and masks the secret of a webhook', () => {
    expect(
      missing(all, [
        {
          'event.action': 'repo.add_member',
          'user.name': 'octo-jane',
          'user.target.name': 'octo-sam',
          'audit.entity.name': 'example-org/shop',
        },
        { 'event.action': 'git.clone', 'source.ip': '203.0.113.12', 'audit.category': 'view' },
        { 'event.action': 'team.add_member', 'group.name': 'example-org/ops' },
      ]),
    ).toEqual([])
    expect(all.flatMap(textsOf).filter((text) => text.includes('geheim'))).toEqual([])
  })

  it('webhooks say who did what to whom, and are known by their deliveries', () => {
    const hooks = files.get('webhooks.jsonl')!
    expect(
      missing(hooks, [
        {
          'event.code': 'github.member.changed',
          'event.action': 'member.added',
          'user.name': 'jane',
          'user.target.name': 'bob',
          'audit.entity.name': 'acme/shop',
          'audit.channel': 'webhook',
        },
        { 'event.code': 'github.protection.changed', 'event.action': 'branch_protection_rule.deleted' },
        { 'event.action': 'ping', 'organization.name': 'acme' },
      ]),
    ).toEqual([])
    const record = (delivery: string, zen: string): object => ({ action: 'ping', delivery, body: { zen } })
    const idOf = (one: object): unknown => valueAt(event(one), 'event.id')
    expect(idOf(record('a', 'x'))).toBe(idOf(record('a', 'y')))
    expect(idOf(record('a', 'x'))).not.toBe(idOf(record('b', 'x')))
  })
})
