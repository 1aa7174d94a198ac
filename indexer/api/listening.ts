import { readFileSync } from 'node:fs'
import { Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import type { IndexerConfig } from '../config.ts'
import type { TlsFiles } from './app.ts'

/** Starts listening; what the system refuses is a sentence. Answers with the address as a URL. */
export async function listen(app: FastifyInstance, at: IndexerConfig['listen']): Promise<string> {
  const { host, port, secure } = at
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw new OperatorError(
      'WB-LISTEN',
      whyNotListening(codeOf(error), host, port) ?? `Listening failed: ${reasonOf(error)}`,
      {
        cause: error,
      },
    )
  }
  const address = app.server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  return `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${actual}`
}

function whyNotListening(code: string | undefined, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use: stop the other program, or set another port in listen.`
    case 'EACCES':
      return `This user may not listen on port ${port}: set a port from 1024 up in listen, or give the process the capability CAP_NET_BIND_SERVICE.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}: correct listen.`
    default:
      return undefined
  }
}

/**
 * TLS 1.2 with ephemeral keys and authenticated encryption, or TLS 1.3: what was recorded can't be read later with the certificate's key.
 */
const STRENGTH = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
  honorCipherOrder: true,
} as const

/** The certificate and key as PEM texts, tried out. */
export function readTls(tls: IndexerConfig['tls']): TlsFiles | null {
  if (tls === undefined) return null
  const read = (key: 'cert' | 'key' | 'client-ca', file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (error) {
      throw new OperatorError(
        'WB-CERTIFICATE-INVALID',
        `tls.${key}: ${file} can't be read (${codeOf(error) ?? reasonOf(error)}).`,
        {
          cause: error,
        },
      )
    }
  }
  const ca = tls['client-ca']
  const files = {
    cert: read('cert', tls.cert),
    key: read('key', tls.key),
    ...(ca === undefined ? {} : { ca: read('client-ca', ca) }),
  }
  try {
    createSecureContext(files)
  } catch (error) {
    throw new OperatorError(
      'WB-CERTIFICATE-INVALID',
      `tls: ${tls.cert} and ${tls.key} are not a certificate with its key (${reasonOf(error)}).`,
      {
        cause: error,
      },
    )
  }
  return { ...STRENGTH, ...files, requestCert: ca !== undefined }
}

/** New connections get the new certificate; those that are open keep theirs. */
export function renewTls(app: FastifyInstance, tls: TlsFiles | null): void {
  if (tls !== null && app.server instanceof TlsServer) app.server.setSecureContext(tls)
}

/** Stops accepting and waits for what has begun; after the grace time the rest is cut off. */
export async function closeWithin(app: FastifyInstance, grace: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), grace)
  // A connection whose last answer goes out after the stop began would stay open for the client's next request.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 20)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
    clearInterval(sweep)
  }
}
