import * as z from 'zod'
import {
  apiTokensShape,
  madeTokenShape,
  newTokenShape,
  PERMISSIONS,
  type TokenShape,
} from '../../../schema/api/index.ts'
import type { ApiToken } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** Tokens for programs: everybody's own, and for admins those of all. */
export function tokenRoutes(service: Service): Route[] {
  const { accounts, trail } = service
  const { apiTokens, now: clock } = accounts
  const mayTouch = (token: ApiToken, asker: Asker): boolean =>
    asker.permissions.has('users') || (asker.user !== null && token.owner?.id === asker.user.id)

  return [
    route({
      method: 'GET',
      path: '/v1/tokens',
      needs: 'known',
      about:
        'Your tokens; with the permission to manage users, all tokens. Those of indexer.yml are not included.',
      answers: { 200: json('The tokens.', apiTokensShape) },
      async serve({ asker }) {
        const tokens = apiTokens.list().filter((token) => mayTouch(token, asker))
        return { tokens: tokens.map((token) => shapeOf(token, clock())) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/tokens',
      needs: 'known',
      about: 'Makes a token, with at most your own permissions. It is shown only once.',
      body: newTokenShape,
      answers: { 200: json('The token.', madeTokenShape) },
      async serve({ body, asker }) {
        // A token that leaked must not make itself others that outlive it.
        if (asker.by.kind !== 'session' && asker.by.kind !== 'local-token') {
          throw new Refusal('WB-FORBIDDEN', 'A token can’t make tokens: sign in (waybill login).')
        }
        const missing = body.scopes.find((scope) => !asker.permissions.has(scope))
        if (missing !== undefined) {
          throw new Refusal(
            'WB-FORBIDDEN',
            `You lack the permission to ${PERMISSIONS[missing]} (${missing}), so your token can’t have it.`,
          )
        }
        const { name, scopes } = body
        const expires = body.expiresSeconds === null ? null : clock() + body.expiresSeconds * 1000
        const until = expires === null ? 'without end' : `until ${new Date(expires).toISOString()}`
        await trail.record({
          action: 'token-create',
          category: 'security',
          message: `A token "${name}" was made, for ${scopes.join(', ')}, ${until}.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'token', id: name, name },
        })
        const owner = asker.user === null ? null : { name: asker.user.name, id: asker.user.id }
        const made = await apiTokens.make({
          name,
          owner,
          permissions: [...new Set(scopes)],
          createdBy: asker.name,
          expires,
        })
        return { ...shapeOf(made.token, clock()), token: made.secret }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/tokens/:id',
      needs: 'known',
      about: 'Revokes a token.',
      params: z.object({ id: z.string().max(64) }),
      answers: { 204: { about: 'The token is revoked.', content: {} } },
      async serve({ params: { id }, asker, reply }) {
        const token = apiTokens.get(id)
        if (token === undefined || !mayTouch(token, asker))
          throw new Refusal('WB-NOT-FOUND', `There is no token ${id}.`)
        await trail.record({
          action: 'token-revoke',
          category: 'security',
          message: `The token "${token.name}" (${id}) was revoked.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'token', id, name: token.name },
        })
        await apiTokens.revoke(id)
        return reply.code(204).send()
      },
    }),
  ]
}

function shapeOf(token: ApiToken, now: number): TokenShape {
  const { id, name, owner, permissions, created, createdBy, expires } = token
  return {
    ...{ id, name, created, createdBy, expires },
    owner: owner?.name ?? null,
    scopes: permissions,
    expired: expires !== null && expires <= now,
  }
}
