import * as z from 'zod'
import { duration, isLoopbackHost, secret } from '../config/index.ts'
import { integration, receiving } from './receiving.ts'
import { columns } from './settings.ts'

/** The settings of entries that fetch from the API of a system. */

const fetching = {
  /** Names the place of this fetcher: under another name it begins anew. */
  name: z.string().regex(/^[\w.-]{1,64}$/, 'expected a name of letters, digits, - . and _'),
  every: duration({ min: 1000, max: 86_400_000 }).default(60_000),
  /** Where a fetcher begins that has fetched nothing yet; by default now. */
  since: z.iso
    .datetime({ offset: true, error: 'expected a time such as 2026-01-01T00:00:00Z' })
    .transform(Date.parse)
    .optional(),
  integration: integration.optional(),
  columns,
  'allow-plain-http': z.boolean().default(false),
  'time-zone': receiving['time-zone'],
  tags: receiving.tags,
  labels: receiving.labels,
}

const address = z.string().refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), {
  message: 'expected a URL such as https://acme.okta.com',
})

export const fetchInput = z
  .discriminatedUnion('from', [
    z.strictObject({ from: z.literal('okta'), url: address, token: secret(), ...fetching }),
    z.strictObject({
      from: z.literal('github'),
      url: address.default('https://api.github.com'),
      /** `orgs/NAME` or `enterprises/NAME`. */
      owner: z
        .string()
        .regex(/^(?:orgs|enterprises)\/[\w.-]{1,100}$/, 'expected orgs/NAME or enterprises/NAME'),
      token: secret(),
      ...fetching,
    }),
    z.strictObject({
      from: z.literal('clockify'),
      url: address.default('https://auditlog-api.api.clockify.me'),
      workspace: z.string().min(1).max(64),
      token: secret(),
      ...fetching,
    }),
    z.strictObject({
      from: z.literal('aws-cloudtrail'),
      bucket: z.string().min(3).max(63),
      /** The folder with one folder for each region: `AWSLogs/123456789012/CloudTrail/`. */
      prefix: z.string().max(512).default(''),
      region: z.string().min(1).max(32),
      /** Another store that speaks S3. */
      url: address.optional(),
      'access-key-id': secret(),
      'secret-access-key': secret(),
      'session-token': secret().optional(),
      ...fetching,
    }),
  ])
  .superRefine((settings, context) => {
    const url = URL.parse(settings.url ?? '')
    if (url === null || url.protocol === 'https:' || isLoopbackHost(url.hostname)) return
    if (settings['allow-plain-http']) return
    const message =
      'plain HTTP shows the token to others: use https, or set allow-plain-http: true where the network itself is trusted'
    context.addIssue({ code: 'custom', path: ['url'], message, input: settings.url })
  })

export type FetchInputConfig = z.infer<typeof fetchInput>
