import * as z from 'zod'
import {
  emailChangeShape,
  givenPasswordShape,
  limitsSchema,
  lockShape,
  newUserShape,
  resetShape,
  roleChangeShape,
  type UserShape,
  userShape,
  usersShape,
} from '../../../schema/api/index.ts'
import { demandLocal, oneTimePassword, type User } from '../../accounts/index.ts'
import { Refusal } from '../../refusal.ts'
import type { Asker } from '../access.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** How long a password that an admin gave out is valid for its one sign-in. */
const GIVEN_MS = 7 * 86_400_000

/** The routes for admins about users. */
export function userRoutes(service: Service): Route[] {
  const { accounts, random, trail } = service
  const { users, passwords, apiTokens, now: clock } = accounts
  const params = z.object({ name: z.string().max(256) })

  const record = (
    asker: Asker,
    user: Pick<User, 'name' | 'fullName'>,
    action: string,
    message: string,
    changes: readonly { field: string; old: string | null; new: string | null }[] = [],
  ): Promise<void> =>
    trail.record({
      action,
      category: 'security',
      message,
      outcome: 'success',
      by: asker,
      entity: { type: 'user', id: user.name, name: user.fullName },
      ...(changes.length === 0 ? {} : { changes }),
    })

  /** Makes a password for one sign-in, and its hash; the password is shown once and stored nowhere. */
  const given = async () => {
    const password = oneTimePassword(random)
    const expires = clock() + GIVEN_MS
    return { password, expires, hash: await passwords.hash(password) }
  }

  return [
    route({
      method: 'GET',
      path: '/v1/users',
      needs: 'users',
      about: 'All users.',
      answers: { 200: json('The users.', usersShape) },
      serve: async () => ({ users: users.list().map((user) => shapeOf(user, clock())) }),
    }),
    route({
      method: 'POST',
      path: '/v1/users',
      needs: 'users',
      about: 'Makes a user, with a password for one sign-in.',
      body: newUserShape,
      answers: { 200: json('The user, and the password.', givenPasswordShape) },
      async serve({ body, asker }) {
        const { name, fullName, role, limits, email } = body
        if (users.find(name) !== undefined) throw new Refusal('WB-EXISTS', `There is already a user ${name}.`)
        const { password, expires, hash } = await given()
        const now = clock()
        const user: User = {
          ...{ name, fullName, role, limits },
          ...(email !== null && { email }),
          id: random(8).toString('hex'),
          epoch: 0,
          password: hash,
          oneTime: { until: expires, isFirst: false },
          secondFactor: null,
          locked: null,
          created: now,
          passwordChanged: now,
          knownFrom: [],
        }
        await record(asker, user, 'user-create', `User ${name} was made, as ${role}.`, [
          { field: 'role', old: null, new: role },
          { field: 'limits', old: null, new: JSON.stringify(limits) },
          ...(email === null ? [] : [{ field: 'email', old: null, new: email }]),
        ])
        await users.add(user)
        return { user: shapeOf(user, now), password, expires }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/users/:name',
      needs: 'users',
      about: 'One user.',
      params,
      answers: { 200: json('The user.', userShape) },
      serve: async ({ params: { name } }) => shapeOf(users.demand(name), clock()),
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/role',
      needs: 'users',
      about: 'Changes the role of a user. Their sessions end.',
      params,
      body: roleChangeShape,
      answers: { 200: json('The user.', userShape) },
      async serve({ params: { name }, body: { role }, asker }) {
        const user = users.demand(name)
        demandLocal(user)
        users.demandChange(user, { ...user, role })
        await record(asker, user, 'user-role', `User ${user.name} is ${role} from now on.`, [
          { field: 'role', old: user.role, new: role },
        ])
        return shapeOf(await users.setRole(name, role), clock())
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/email',
      needs: 'users',
      about: 'Changes the mail address of a user, where reports for their role go; null removes it.',
      params,
      body: emailChangeShape,
      answers: { 200: json('The user.', userShape) },
      async serve({ params: { name }, body: { email }, asker }) {
        const user = users.demand(name)
        await record(asker, user, 'user-email', `The mail address of user ${user.name} was changed.`, [
          { field: 'email', old: user.email ?? null, new: email },
        ])
        const changed = await users.change(name, ({ email: _, ...others }) =>
          email === null ? others : { ...others, email },
        )
        return shapeOf(changed, clock())
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/limits',
      needs: 'users',
      about: 'Limits which events a user may see; a member that is left out is not limited.',
      params,
      body: limitsSchema,
      answers: { 200: json('The user.', userShape) },
      async serve({ params: { name }, body: limits, asker }) {
        const user = users.demand(name)
        demandLocal(user)
        await record(asker, user, 'user-limits', `The limits of user ${user.name} were set.`, [
          { field: 'limits', old: JSON.stringify(user.limits), new: JSON.stringify(limits) },
        ])
        return shapeOf(await users.setLimits(name, limits), clock())
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/lock',
      needs: 'users',
      about: 'Locks a user. Their sessions end, and their tokens stop working until they are unlocked.',
      params,
      body: lockShape,
      answers: { 200: json('The user.', userShape) },
      async serve({ params: { name }, body, asker }) {
        const user = users.demand(name)
        const reason = body.reason === '' ? `by ${asker.name}` : body.reason
        const locked = { since: clock(), until: null, reason }
        users.demandChange(user, { ...user, locked })
        await record(asker, user, 'user-lock', `User ${user.name} was locked: ${reason}.`)
        return shapeOf(await users.lock(name, reason, clock()), clock())
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/unlock',
      needs: 'users',
      about: 'Unlocks a user.',
      params,
      answers: { 200: json('The user.', userShape) },
      async serve({ params: { name }, asker }) {
        const user = users.demand(name)
        await record(asker, user, 'user-unlock', `User ${user.name} was unlocked.`)
        return shapeOf(await users.unlock(name), clock())
      },
    }),
    route({
      method: 'POST',
      path: '/v1/users/:name/reset',
      needs: 'users',
      about: 'Makes a password for one sign-in. The user’s sessions end.',
      params,
      body: resetShape,
      answers: { 200: json('The user, and the password.', givenPasswordShape) },
      async serve({ params: { name }, body, asker }) {
        const user = users.demand(name)
        demandLocal(user)
        const { password, expires, hash } = await given()
        const factor = body.secondFactor === 'remove' ? ', and the second factor removed' : ''
        const tokens = body.tokens === 'revoke' ? ', and their tokens revoked' : ''
        await record(
          asker,
          user,
          'user-reset',
          `The password of user ${user.name} was reset${factor}${tokens}.`,
        )
        const changed = await users.change(name, (before) => ({
          ...before,
          password: hash,
          oneTime: { until: expires, isFirst: false },
          secondFactor: body.secondFactor === 'remove' ? null : before.secondFactor,
          epoch: before.epoch + 1,
        }))
        if (body.tokens === 'revoke') await apiTokens.revokeOf(changed.name)
        await accounts.passwordChanged(changed.name)
        return { user: shapeOf(changed, clock()), password, expires }
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/users/:name',
      needs: 'users',
      about:
        'Removes a user, with their sessions, tokens and saved searches. The audit trail keeps their actions.',
      params,
      answers: { 204: { about: 'Removed.', content: {} } },
      async serve({ params: { name }, asker, reply }) {
        const user = users.demand(name)
        users.demandChange(user, null)
        await record(asker, user, 'user-remove', `User ${user.name} was removed.`)
        await users.remove(name)
        await apiTokens.revokeOf(user.name)
        await accounts.savedSearches.forgetAll(user.id)
        await accounts.passwordChanged(user.name)
        return reply.code(204).send()
      },
    }),
  ]
}

function shapeOf(user: User, now: number): UserShape {
  const { name, fullName, role, limits, secondFactor, oneTime, locked, created, passwordChanged } = user
  return {
    ...{ name, fullName, role, limits, created, passwordChanged },
    email: user.email ?? null,
    provider: user.identity?.issuer ?? null,
    secondFactor: secondFactor !== null,
    oneTimePassword: oneTime !== null,
    locked: locked !== null && (locked.until === null || locked.until > now) ? locked : null,
  }
}
