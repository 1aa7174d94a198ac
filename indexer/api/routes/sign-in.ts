import type { FastifyReply } from 'fastify'
import * as z from 'zod'
import { signedOutShape, waysInShape } from '../../../schema/api/index.ts'
import { codedText } from '../../../schema/index.ts'
import { CALLBACK, ProviderRefusal, REFUSALS, type RefusalCode } from '../../accounts/index.ts'
import { demandOwnOrigin, isOfOwnPage } from '../cookies.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'
import { originOf, sessionOf } from './session.ts'

/**
 * Marks a cookie that holds a message for the sign-in page in place of a flow. Only we write this cookie, so a link can't inject a message.
 */
const REFUSED = 'refused.'

const AWAY = { 303: { about: 'The browser continues to the address in Location.', content: {} } } as const

/** Signing in at the organisation's provider. These are pages: a browser comes to them, and is sent on. */
export function signInRoutes(service: Service): Route[] {
  const { accounts, cookies } = service
  const { providerSignIn, signIn } = accounts

  const goTo = (reply: FastifyReply, url: string) => reply.code(303).header('location', url).send()

  return [
    route({
      method: 'GET',
      path: '/v1/sign-in',
      needs: 'anybody',
      about: 'The ways to sign in here, besides name and password.',
      answers: { 200: json('What there is.', waysInShape) },
      async serve({ request, reply }) {
        const { button } = providerSignIn
        const code = cookies.readFlow(request)
        const problem = code?.startsWith(REFUSED) ? sentenceOf(code.slice(REFUSED.length)) : null
        if (problem !== null) cookies.writeFlow(request, reply, null)
        return { openid: button === null ? null : { button }, problem }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/sign-in/openid',
      needs: 'anybody',
      about: 'Sends the browser to the provider of OpenID Connect.',
      query: z.object({
        to: z.string().max(1000).optional().describe('The page of the console to come back to.'),
      }),
      answers: AWAY,
      async serve({ query, request, reply }) {
        // The provider may know the person and ask nothing: a page of others must not sign them in. Ours has a button.
        if (!isOfOwnPage(request)) return goTo(reply, '/')
        try {
          const { url, flow } = await providerSignIn.begin(ownPage(query.to), originOf(request))
          cookies.writeFlow(request, reply, flow)
          return goTo(reply, url)
        } catch (thrown) {
          if (!(thrown instanceof ProviderRefusal)) throw thrown
          cookies.writeFlow(request, reply, REFUSED + thrown.code)
          return goTo(reply, '/')
        }
      },
    }),
    route({
      method: 'GET',
      path: CALLBACK,
      needs: 'anybody',
      about: 'The provider sends the browser back to this address, with the result.',
      query: z.object({}),
      answers: AWAY,
      async serve({ request, reply }) {
        const flow = cookies.readFlow(request)
        const at = request.url.indexOf('?')
        const search = at === -1 ? '' : request.url.slice(at)
        try {
          const { secret, to } = await providerSignIn.finish({ flow, search }, originOf(request))
          // Each flow is for one sign-in, whatever becomes of it.
          cookies.writeFlow(request, reply, null)
          cookies.write(request, reply, secret)
          return goTo(reply, ownPage(to))
        } catch (thrown) {
          if (!(thrown instanceof ProviderRefusal)) throw thrown
          cookies.writeFlow(request, reply, REFUSED + thrown.code)
          return goTo(reply, '/')
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/session/sign-out',
      needs: 'half-session',
      about: 'Signs out a browser here, and gives the address that signs it out at its provider.',
      answers: { 200: json('Signed out here.', signedOutShape) },
      async serve({ asker, request, reply }) {
        demandOwnOrigin(request)
        const session = sessionOf(asker)
        await signIn.signOut(session, originOf(request))
        cookies.clear(request, reply)
        return { next: await providerSignIn.endOf(session) }
      },
    }),
  ]
}

const isCode = (code: string): code is RefusalCode => Object.hasOwn(REFUSALS, code)

const sentenceOf = (code: string): string | null =>
  isCode(code) ? codedText({ code: 'WB-PROVIDER', message: REFUSALS[code] }) : null

/** A path of this origin and of nothing else: what a link names, a browser must not be sent to. */
const ownPage = (to: string | undefined): string =>
  to !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.includes('\\') ? to : '/'
