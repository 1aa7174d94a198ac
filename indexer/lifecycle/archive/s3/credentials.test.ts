import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../../../config/index.ts'
import type { S3Config } from '../settings.ts'
import { CredentialChain } from './credentials.ts'

const CONFIG: S3Config = {
  bucket: 'any',
  prefix: '',
  region: 'us-east-1',
  lock: 'none',
  encryption: 'none',
}
const NOW = Date.UTC(2026, 10, 2)
const UNTIL = new Date(NOW + 3_600_000).toISOString()

let folder: string
let url: string
const server = createServer((request, response) => {
  const answer = (text: string): void => void response.end(text)
  const given = JSON.stringify({
    AccessKeyId: 'of-a-role',
    SecretAccessKey: 's',
    Token: 't',
    Expiration: UNTIL,
  })
  request.resume()
  if (request.method === 'PUT' && request.url === '/latest/api/token') answer('token')
  else if (request.url === '/latest/meta-data/iam/security-credentials/') answer('archive-role')
  else if (request.url === '/latest/meta-data/iam/security-credentials/archive-role')
    answer(request.headers['x-aws-ec2-metadata-token'] === 'token' ? given : '')
  else if (request.url === '/container') answer(request.headers.authorization === 'secret' ? given : '')
  else if (request.method === 'POST' && request.url === '/')
    answer(
      `<R><AccessKeyId>of-a-pod</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${UNTIL}</Expiration></R>`,
    )
  else response.writeHead(404).end()
})
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waybill-credentials-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const found = (env: Record<string, string>, config: Partial<S3Config> = {}) =>
  new CredentialChain({ ...CONFIG, ...config }, () => NOW, {
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  }).credentials()

test('the settings come first, then the environment', async () => {
  const env = { AWS_ACCESS_KEY_ID: 'e', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' }
  const own = { 'access-key-id': new Secret('c'), 'secret-access-key': new Secret('s') }
  expect(await found(env, own)).toMatchObject({ accessKeyId: 'c', sessionToken: null })
  expect(await found(env)).toMatchObject({ accessKeyId: 'e', sessionToken: 't' })
})

test('the shared file has a section for each profile', async () => {
  const file = join(folder, 'credentials')
  writeFileSync(
    file,
    '[default]\naws_access_key_id = d\naws_secret_access_key = s\n\n[audit]\naws_access_key_id=a\naws_secret_access_key=s\n',
  )
  const env = { AWS_SHARED_CREDENTIALS_FILE: file }
  expect(await found(env)).toMatchObject({ accessKeyId: 'd' })
  expect(await found({ ...env, AWS_PROFILE: 'audit' })).toMatchObject({ accessKeyId: 'a' })
  expect(await found(env, { profile: 'audit' })).toMatchObject({ accessKeyId: 'a' })
})

test('a web identity, a container and a machine get credentials that end', async () => {
  const token = join(folder, 'token')
  writeFileSync(token, 'identity')
  const pod = {
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/a',
    AWS_ENDPOINT_URL_STS: url,
  }
  expect(await found(pod)).toMatchObject({
    accessKeyId: 'of-a-pod',
    secretAccessKey: 'a&b',
    sessionToken: 't',
  })
  const container = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'secret',
  }
  expect(await found(container)).toMatchObject({ accessKeyId: 'of-a-role', until: Date.parse(UNTIL) })
  const machine = { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url }
  expect(await found(machine)).toMatchObject({ accessKeyId: 'of-a-role', sessionToken: 't' })
})

test('without any, one sentence says where to write them', async () => {
  await expect(found({})).rejects.toThrow(/There are no credentials for archive.s3: write access-key-id/)
})
