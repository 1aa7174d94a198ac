import * as z from 'zod'
import { PERMISSION_NAMES, ROLES } from './permissions.ts'

/** The requests and answers about users, sessions and tokens. */
const time = z.number().int().describe('Milliseconds since 1970.')

const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/
/** Names that the audit trail uses for others than users. */
const TAKEN = new Set([
  'agent',
  'anybody',
  'indexer',
  'local',
  'loopback',
  'nobody',
  'operator',
  'unknown',
  'waybill',
])

export const userName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine(
    (name) => NAME.test(name),
    'expected a to z, 0 to 9 and . _ @ -, at most 64, beginning with a letter or digit',
  )
  .refine((name) => !TAKEN.has(name), 'this name has another meaning in the audit trail; choose another')

const names = z.array(z.string().min(1).max(256)).min(1).max(200).nullable()

/** The limits on the events that a user may see; null means no limit. */
export const limitsSchema = z.strictObject({
  namespaces: names.default(null).describe('Only events of these namespaces; null for all.'),
  entities: names
    .default(null)
    .describe('Only events on records of these kinds (audit.entity.type); null for all.'),
})
export type Limits = z.infer<typeof limitsSchema>

/** A password as typed; its rules apply where a password is chosen. */
const typed = z.string().min(1).max(1024)

export const permissionShape = z.enum(PERMISSION_NAMES)
export const roleShape = z.enum(ROLES)

export const signInShape = z.strictObject({
  name: z.string().min(1).max(256),
  password: typed,
  for: z
    .enum(['browser', 'program'])
    .default('browser')
    .describe(
      'A browser gets a cookie; a program gets a token in the answer, and sends it as a bearer token.',
    ),
})

export const codeShape = z.strictObject({
  code: z.string().min(1).max(64).describe('Six digits of the app, or a recovery code.'),
})

export const tokensShape = z
  .enum(['keep', 'revoke'])
  .default('keep')
  .describe('Whether to revoke the tokens of this user, too, if somebody else may have used the account.')

export const passwordChangeShape = z.strictObject({
  current: typed
    .optional()
    .describe('The current password; not needed after a sign-in with a one-time password.'),
  password: typed,
  tokens: tokensShape,
})

export const confirmShape = z.strictObject({ password: typed.describe('The present password.') })
export const factorCodeShape = codeShape.extend({ tokens: tokensShape })
export const factorRemovalShape = confirmShape.extend({ tokens: tokensShape })

export const whoShape = z.object({
  name: z.string(),
  fullName: z.string().nullable(),
  role: roleShape.nullable().describe('null for a token of its own.'),
  permissions: z.array(permissionShape),
  limits: limitsSchema,
  masked: z.array(z.string()).describe('Fields that are shown masked, and can not be searched by.'),
  provider: z.string().nullable().describe('The provider of the sign-in; null for a local user.'),
  secondFactor: z.boolean(),
  wants: z
    .enum(['second-factor', 'new-password'])
    .nullable()
    .describe('What the client must send before it may do anything else.'),
  firstPassword: z.boolean().describe('The password is still the one that the demo made. Choose your own.'),
  csrf: z.string().nullable().describe('For the header X-Waybill-Csrf of each change with a cookie.'),
  expires: time.nullable().describe('When the session ends at the latest.'),
})
export type WhoShape = z.infer<typeof whoShape>

export const signedInShape = whoShape.extend({
  token: z.string().nullable().describe('For a program; shown only once.'),
})

export type SignedInShape = z.infer<typeof signedInShape>

export const offerShape = z.object({
  secret: z.string().describe('In base 32, to type into the app.'),
  uri: z.string().describe('otpauth://, to show as a QR code.'),
})
export const recoveryShape = z.object({
  recoveryCodes: z.array(z.string()).describe('Each works once, in place of a code. Shown only once.'),
})

export const sessionShape = z.object({
  id: z.string(),
  kind: z.enum(['browser', 'program']),
  created: time,
  seen: time,
  address: z.string(),
  client: z.string(),
  current: z.boolean().describe('It is the session of this request.'),
})

export const sessionsShape = z.object({ sessions: z.array(sessionShape) })

export const waysInShape = z.object({
  openid: z.object({ button: z.string() }).nullable().describe('null: only local users sign in here.'),
  problem: z.string().nullable().describe('Why the last sign-in at the provider failed. Returned once.'),
})

export const signedOutShape = z.object({
  next: z.string().nullable().describe('The address that also signs out at the provider.'),
})

/** Loose, as mail servers are: what it can't be is with two @, white space, or a list. */
export const mailAddress = z
  .string()
  .max(254)
  .regex(/^[^\s@,;<>"()]+@[^\s@,;<>"()]+$/, 'expected a mail address such as jane@acme.example')

export const newUserShape = z.strictObject({
  name: userName,
  fullName: z.string().max(256).default(''),
  role: roleShape,
  limits: limitsSchema.prefault({}),
  email: mailAddress.nullable().default(null).describe('Where reports for the role of this user go.'),
})

export const userShape = z.object({
  name: z.string(),
  fullName: z.string(),
  role: roleShape,
  limits: limitsSchema,
  email: z.string().nullable().describe('Where reports for the role of this user go.'),
  provider: z.string().nullable().describe('The provider where the user signs in; null for a local user.'),
  secondFactor: z.boolean(),
  oneTimePassword: z.boolean().describe('An admin made the password, and the user has not changed it yet.'),
  locked: z
    .object({ since: time, until: time.nullable(), reason: z.string() })
    .nullable()
    .describe('`until` null: until an admin unlocks.'),
  created: time,
  passwordChanged: time,
})
export type UserShape = z.infer<typeof userShape>
export const usersShape = z.object({ users: z.array(userShape) })

export const emailChangeShape = z.strictObject({ email: mailAddress.nullable() })
export const roleChangeShape = z.strictObject({ role: roleShape })
export const lockShape = z.strictObject({ reason: z.string().max(256).default('') })
export const resetShape = z.strictObject({
  secondFactor: z
    .enum(['keep', 'remove'])
    .default('keep')
    .describe('Also remove the second factor, for a user who lost the telephone.'),
  tokens: tokensShape,
})

export const givenPasswordShape = z.object({
  user: userShape,
  password: z.string().describe('For one sign-in; the user must then change it. Shown only once.'),
  expires: time,
})

export const newTokenShape = z.strictObject({
  name: z.string().min(1).max(64),
  scopes: z.array(permissionShape).min(1),
  expiresSeconds: z
    .number()
    .int()
    .min(60)
    .max(2 * 365 * 86_400)
    .nullable()
    .default(90 * 86_400)
    .describe('null: it never expires.'),
})

export const tokenShape = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string().nullable().describe('null for a token of the service itself.'),
  scopes: z.array(permissionShape),
  created: time,
  createdBy: z.string(),
  expires: time.nullable(),
  expired: z.boolean(),
})
export type TokenShape = z.infer<typeof tokenShape>
export const apiTokensShape = z.object({ tokens: z.array(tokenShape) })

export const madeTokenShape = tokenShape.extend({ token: z.string().describe('Shown this once.') })

export const savedSearchShape = z.object({
  name: z.string(),
  search: z.string(),
  saved: time,
  owner: z.string().describe('The name of the user who saved it.'),
  shared: z.boolean().describe('Whether other users see it.'),
  mayChange: z
    .boolean()
    .describe(
      'Whether you may replace, share or delete it: it is yours, or it is shared and you are a manager.',
    ),
})
export const savedSearchOwner = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .describe('The owner of a shared search, if it is not you.')
export const savedSearchesShape = z.object({ searches: z.array(savedSearchShape) })
export const newSearchShape = z.strictObject({
  search: z
    .string()
    .max(8192)
    .regex(/^(?:\?[^#]*)?$/, 'expected the part behind /events in the address, from its question mark')
    .describe('The part behind /events in the console’s address: ?q=...&range=...'),
  shared: z
    .boolean()
    .optional()
    .describe('Whether other users see it. Left out: as it was; a new one is private.'),
})
