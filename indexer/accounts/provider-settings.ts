import * as z from 'zod'
import { duration, isLoopbackHost, secret } from '../../config/index.ts'
import { type Limits, limitsSchema, ROLES, type Role } from '../../schema/api/index.ts'

const DAY = 86_400_000

/** A page that the browser or the indexer reaches by TLS; on this machine nobody can listen in transit. */
function isSafe(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}

const issuer = z
  .string()
  .refine(
    isSafe,
    'expected the https address of the provider, such as https://login.example/realms/staff (http only on loopback)',
  )

const publicUrl = z
  .string()
  .refine(
    (text) => isSafe(text) && URL.parse(text)?.pathname === '/',
    'expected the https address at which people open the console, such as https://audit.example:8600, without a path (http only on loopback)',
  )
  .transform((text) => new URL(text).origin)

/** The role and limits of each group. A member that is left out is not limited. */
const grant = z.strictObject({
  group: z.string().min(1).max(256),
  role: z.enum(ROLES),
  namespaces: limitsSchema.shape.namespaces,
  entities: limitsSchema.shape.entities,
})

/** `sign-in.openid` of indexer.yml. */
export const openIdSchema = z.strictObject({
  issuer,
  'client-id': z.string().min(1),
  'client-secret': secret(),
  'public-url': publicUrl,
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected a scope, without spaces'))
    .default(['openid', 'profile', 'email'])
    .refine(
      (scopes) => scopes.includes('openid'),
      'expected openid among them: without it there is no ID token',
    ),
  /** Claims: what people are called here, and what groups they are in. A dot leads into an object. */
  name: z.string().min(1).default('preferred_username'),
  groups: z.string().min(1).default('groups'),
  roles: z.array(grant).min(1, 'expected at least one group with its role: without one nobody may sign in'),
  button: z.string().min(1).max(64).default('Sign in with your organisation'),
  /** How long the provider's confirmation is valid, for tokens above all: sessions end earlier. */
  valid: duration({ min: 60_000, max: 365 * DAY }).default(7 * DAY),
  /** The allowed difference between the clocks of provider and indexer. */
  'clock-skew': duration({ max: 10 * 60_000 }).default(30_000),
})
export type OpenIdSettings = z.infer<typeof openIdSchema>

/** Returns what members of these groups are here: the first entry that names one of the groups counts. Null: nothing. */
export function grantFor(
  { roles }: Pick<OpenIdSettings, 'roles'>,
  groups: readonly string[],
): { readonly role: Role; readonly limits: Limits } | null {
  const found = roles.find(({ group }) => groups.includes(group))
  if (found === undefined) return null
  const { role, namespaces, entities } = found
  return { role, limits: { namespaces, entities } }
}
