import type { FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import {
  codeShape,
  confirmShape,
  factorCodeShape,
  factorRemovalShape,
  offerShape,
  passwordChangeShape,
  recoveryShape,
  sessionsShape,
  signedInShape,
  signInShape,
  type WhoShape,
  whoShape,
} from '../../../schema/api/index.ts'
import { csrfOf, NO_LIMITS, type Opened, type Origin, type Session } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import { type Asker, addressOf } from '../access.ts'
import { demandOwnOrigin } from '../cookies.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** The routes for signing in and out, and for users' changes of their own account. */
export function sessionRoutes(service: Service): Route[] {
  const { accounts, cookies, sessionTimes, maskedFor, trail } = service
  const { signIn, secondFactors, sessions, apiTokens } = accounts

  /** Refuses connections that were accepted with credentials that have changed since. */
  const endOthers = async (session: Session, tokens: 'keep' | 'revoke'): Promise<void> => {
    await sessions.endOthers(session)
    if (tokens === 'revoke') await apiTokens.revokeOf(session.user)
  }

  /** The browser forgets the secret of the session before; nobody could end it afterwards. */
  const endReplaced = async (request: FastifyRequest): Promise<void> => {
    const secret = cookies.read(request)
    const session = secret === undefined ? null : sessions.use(secret)
    if (session?.kind === 'browser') await sessions.end(session)
  }

  const who = (asker: Asker): WhoShape => {
    const { user, by, permissions } = asker
    const session = by.kind === 'session' ? by.session : null
    return {
      name: asker.name,
      fullName: user?.fullName ?? null,
      role: user?.role ?? null,
      permissions: [...permissions],
      limits: user?.limits ?? NO_LIMITS,
      masked: user === null ? [] : [...maskedFor(user.role)],
      provider: user?.identity?.issuer ?? null,
      secondFactor: user !== null && user.secondFactor !== null,
      wants: session?.wants ?? null,
      firstPassword: user?.oneTime?.isFirst === true,
      csrf: by.kind === 'session' && session?.kind === 'browser' ? csrfOf(by.secret) : null,
      expires: session === null ? null : session.created + sessionTimes().absolute,
    }
  }

  /** Answers a sign-in, or a step of it; a browser gets the secret in its cookie only. */
  const opened = ({ secret, session }: Opened, request: FastifyRequest, reply: FastifyReply) => {
    const program = session.kind === 'program'
    if (!program) cookies.write(request, reply, secret)
    const asker = service.access.ofSession(session, secret, addressOf(request))
    return { ...who(asker), token: program ? secret : null }
  }

  return [
    route({
      method: 'POST',
      path: '/v1/session',
      needs: 'anybody',
      about: 'Signs in with name and password. `wants` names what the client must still send.',
      body: signInShape,
      answers: { 200: json('Signed in, or the next step.', signedInShape) },
      async serve({ body, request, reply }) {
        // A page of others must not sign somebody in as somebody else.
        demandOwnOrigin(request)
        const { name, password } = body
        const made = await signIn.withPassword({ name, password, kind: body.for }, originOf(request))
        if (body.for === 'browser') await endReplaced(request)
        return opened(made, request, reply)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/session',
      needs: 'half-known',
      about: 'The user of the request, the permissions, and the header that a change with a cookie needs.',
      answers: { 200: json('Who it is.', whoShape) },
      serve: async ({ asker }) => who(asker),
    }),
    route({
      method: 'DELETE',
      path: '/v1/session',
      needs: 'half-session',
      about: 'Signs out.',
      answers: { 204: { about: 'Signed out.', content: {} } },
      async serve({ asker, request, reply }) {
        await signIn.signOut(sessionOf(asker), originOf(request))
        cookies.clear(request, reply)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/second-factor',
      needs: 'half-session',
      about: 'The code that completes a sign-in.',
      body: codeShape,
      answers: { 200: json('Signed in.', signedInShape) },
      async serve({ body, asker, request, reply }) {
        const made = await signIn.withCode(sessionOf(asker), body.code, originOf(request))
        return opened(made, request, reply)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/password',
      needs: 'half-session',
      about: 'Changes your own password. All other sessions end; this one continues with a new secret.',
      body: passwordChangeShape,
      answers: { 200: json('Changed.', signedInShape) },
      async serve({ body, asker, request, reply }) {
        const session = sessionOf(asker)
        const made = await signIn.changePassword(session, body, originOf(request))
        if (body.tokens === 'revoke') await apiTokens.revokeOf(session.user)
        await accounts.passwordChanged(session.user)
        return opened(made, request, reply)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/second-factor/offer',
      needs: 'session',
      about: 'Begins to set up a second factor (TOTP). It applies once a code of it has been sent.',
      body: confirmShape,
      answers: { 200: json('For the app.', offerShape) },
      async serve({ body, asker, request }) {
        const session = sessionOf(asker)
        await signIn.confirm(session, body.password, originOf(request))
        return secondFactors.offer(session)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/second-factor/confirm',
      needs: 'session',
      about: 'A code of the app: from now on each sign-in needs one. Your other sessions end.',
      body: factorCodeShape,
      answers: { 200: json('It holds.', recoveryShape) },
      async serve({ body, asker }) {
        const session = sessionOf(asker)
        const recoveryCodes = await secondFactors.take(session, body.code)
        await trail.record({
          action: 'second-factor-on',
          category: 'security',
          message: `User ${session.user} signs in with a second factor from now on.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'user', id: session.user, name: session.owner.fullName },
        })
        await endOthers(session, body.tokens)
        return { recoveryCodes }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/second-factor/remove',
      needs: 'session',
      about: 'Removes your own second factor. Your other sessions end.',
      body: factorRemovalShape,
      answers: { 204: { about: 'It is off.', content: {} } },
      async serve({ body, asker, request, reply }) {
        const session = sessionOf(asker)
        await signIn.confirm(session, body.password, originOf(request))
        await trail.record({
          action: 'second-factor-off',
          category: 'security',
          message: `User ${session.user} signs in without a second factor from now on.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'user', id: session.user, name: session.owner.fullName },
        })
        await secondFactors.remove(session.user)
        await endOthers(session, body.tokens)
        return reply.code(204).send()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sessions',
      needs: 'session',
      about: 'Your open sessions.',
      answers: { 200: json('The sessions.', sessionsShape) },
      async serve({ asker }) {
        const mine = sessionOf(asker)
        return {
          sessions: sessions.of(mine.user).map(({ id, kind, created, seen, address, client }) => ({
            ...{ id, kind, created, seen, address, client },
            current: id === mine.id,
          })),
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/sessions/:id',
      needs: 'session',
      about: 'Ends one of your sessions.',
      params: z.object({ id: z.string().max(64) }),
      answers: { 204: { about: 'It has ended.', content: {} } },
      async serve({ params: { id }, asker, reply }) {
        const mine = sessionOf(asker)
        const session = sessions.of(mine.user).find((one) => one.id === id)
        if (session === undefined) throw new Refusal('WB-NOT-FOUND', `You have no session ${id}.`)
        await trail.record({
          action: 'session-end',
          category: 'security',
          message: `User ${mine.user} ended one of their sessions, from ${session.address}.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'session', id },
        })
        await sessions.end(session)
        return reply.code(204).send()
      },
    }),
  ]
}

export function sessionOf(asker: Asker) {
  if (asker.by.kind !== 'session') throw new Error('a route about a session was asked without one')
  return asker.by.session
}

export const originOf = (request: FastifyRequest): Origin => ({
  address: addressOf(request),
  client: request.headers['user-agent'] ?? '',
})
