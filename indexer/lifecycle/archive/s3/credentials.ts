import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import * as z from 'zod'
import { type Credentials, textOf } from '../../../../s3/index.ts'
import { OperatorError, reasonOf } from '../../../../schema/index.ts'
import type { S3Config } from '../settings.ts'

/** Credentials that end are renewed this long before. */
const RENEWED_BEFORE = 5 * 60_000
const METADATA = 'http://169.254.169.254'

interface Lasting extends Credentials {
  /** When they end, ms; null if they don't. */
  readonly until: number | null
}

const temporary = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  Token: z.string().optional(),
  Expiration: z.string().optional(),
})

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds credentials where other programs for S3 find theirs, in the usual order: the settings, the environment, the shared file, a web
 * identity (Kubernetes), the container's service, the machine's service.
 */
export class CredentialChain {
  readonly #config: S3Config
  readonly #now: () => number
  readonly #env: Environment
  #known: Lasting | null = null

  constructor(config: S3Config, now: () => number, env: Environment = process.env) {
    this.#config = config
    this.#now = now
    this.#env = env
  }

  async credentials(): Promise<Credentials> {
    const known = this.#known
    if (known !== null && (known.until === null || known.until - this.#now() > RENEWED_BEFORE)) return known
    this.#known =
      this.#ofSettings() ??
      this.#ofEnvironment() ??
      (await this.#ofFile()) ??
      (await this.#ofWebIdentity()) ??
      (await this.#ofContainer()) ??
      (await this.#ofMachine())
    if (this.#known !== null) return this.#known
    throw new OperatorError(
      'WB-ARCHIVE-UNREACHABLE',
      'There are no credentials for archive.s3: write access-key-id and secret-access-key, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role',
    )
  }

  #ofSettings(): Lasting | null {
    const id = this.#config['access-key-id']?.reveal()
    const secret = this.#config['secret-access-key']?.reveal()
    return id === undefined || secret === undefined ? null : lasting(id, secret, undefined)
  }

  #ofEnvironment(): Lasting | null {
    const env = this.#env
    const [id, secret] = [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY]
    if (id === undefined || secret === undefined || id === '' || secret === '') return null
    return lasting(id, secret, env.AWS_SESSION_TOKEN)
  }

  async #ofFile(): Promise<Lasting | null> {
    const file = this.#env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials')
    const profile = this.#config.profile ?? this.#env.AWS_PROFILE ?? 'default'
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch {
      // The next place is tried. If none has credentials, one sentence names them.
      return null
    }
    const members = new Map<string, string>()
    let isIts = false
    for (const line of text.split(/\r?\n/)) {
      const section = /^\s*\[(.+)\]\s*$/.exec(line)
      if (section !== null) isIts = section[1]?.trim() === profile
      const member = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(line)
      if (isIts && member !== null) members.set(member[1]!, member[2]!)
    }
    const [id, secret] = [members.get('aws_access_key_id'), members.get('aws_secret_access_key')]
    return id === undefined || secret === undefined
      ? null
      : lasting(id, secret, members.get('aws_session_token'))
  }

  async #ofWebIdentity(): Promise<Lasting | null> {
    const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = this.#env
    if (file === undefined || role === undefined) return null
    const endpoint = this.#env.AWS_ENDPOINT_URL_STS ?? `https://sts.${this.#config.region}.amazonaws.com`
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: this.#env.AWS_ROLE_SESSION_NAME ?? 'waybill',
      WebIdentityToken: (await readFile(file, 'utf8')).trim(),
    })
    const text = await asked(endpoint, {
      method: 'POST',
      body: body.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    const [id, secret] = [textOf(text, 'AccessKeyId'), textOf(text, 'SecretAccessKey')]
    if (id === null || secret === null) throw refused(endpoint, textOf(text, 'Message') ?? 'no credentials')
    const until = Date.parse(textOf(text, 'Expiration') ?? '')
    return { ...lasting(id, secret, textOf(text, 'SessionToken') ?? undefined), until }
  }

  async #ofContainer(): Promise<Lasting | null> {
    const env = this.#env
    const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
    const url =
      env.AWS_CONTAINER_CREDENTIALS_FULL_URI ??
      (relative === undefined ? null : `http://169.254.170.2${relative}`)
    if (url === null) return null
    const tokenFile = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
    const token =
      tokenFile === undefined
        ? env.AWS_CONTAINER_AUTHORIZATION_TOKEN
        : (await readFile(tokenFile, 'utf8')).trim()
    return ofAnswer(await asked(url, token === undefined ? {} : { headers: { authorization: token } }), url)
  }

  async #ofMachine(): Promise<Lasting | null> {
    if (this.#env.AWS_EC2_METADATA_DISABLED === 'true') return null
    const base = this.#env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? METADATA
    let token: string
    try {
      token = await asked(`${base}/latest/api/token`, {
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '300' },
      })
    } catch {
      // A machine that is not in such a cloud has no such service.
      return null
    }
    const headers = { 'x-aws-ec2-metadata-token': token }
    const roles = `${base}/latest/meta-data/iam/security-credentials/`
    const role = (await asked(roles, { headers })).split('\n')[0]?.trim()
    return role === undefined || role === ''
      ? null
      : ofAnswer(await asked(`${roles}${role}`, { headers }), roles)
  }
}

const lasting = (accessKeyId: string, secretAccessKey: string, token: string | undefined): Lasting => ({
  accessKeyId,
  secretAccessKey,
  sessionToken: token === undefined || token === '' ? null : token,
  until: null,
})

function ofAnswer(text: string, url: string): Lasting {
  let answer: z.output<typeof temporary>
  try {
    answer = temporary.parse(JSON.parse(text))
  } catch {
    throw refused(url, 'it gave no credentials')
  }
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = answer
  const until = Expiration === undefined ? null : Date.parse(Expiration)
  return { ...lasting(AccessKeyId, SecretAccessKey, Token), until }
}

async function asked(
  url: string,
  options: { method?: 'GET' | 'POST' | 'PUT'; body?: string; headers?: Record<string, string> },
): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { ...options, headersTimeout: 2000, bodyTimeout: 2000 })
    const text = await body.text()
    if (statusCode === 200) return text
    throw new Error(`it answered ${statusCode}`)
  } catch (thrown) {
    throw refused(url, reasonOf(thrown))
  }
}

const refused = (url: string, why: string): OperatorError =>
  new OperatorError(
    'WB-ARCHIVE-UNREACHABLE',
    `${new URL(url).origin} gave no credentials for archive.s3 (${why}): check the role of this machine`,
  )
