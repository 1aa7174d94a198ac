import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { codeOf, OperatorError, reasonOf } from '../../../schema/index.ts'
import { type Listen, listenName, type TlsOptions } from './options.ts'
import { tls } from './tls.ts'

const PRIVILEGED = 1024
const SYSLOG = 'often rsyslog or syslog-ng; '
/** Who else often has the port. */
const USUAL: Partial<Record<Listen['transport'], string>> = { udp: SYSLOG, tcp: SYSLOG, tls: SYSLOG }

/** Explains why an address cannot be opened, with the remedy. */
export function bindRefusal(listen: Listen, error: unknown): OperatorError {
  return new OperatorError('WB-LISTEN', `${listenName(listen)} can't be opened: ${whyNot(listen, error)}`, {
    cause: error,
  })
}

function whyNot({ transport, host, port }: Listen, error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `the port is in use by another program (${USUAL[transport] ?? ''}\`ss -lnp 'sport = :${port}'\` names it). Stop that, or name another port.`
    case 'EACCES':
    case 'EPERM':
      return port < PRIVILEGED
        ? `ports under ${PRIVILEGED} need a capability. Give it to the service (AmbientCapabilities=CAP_NET_BIND_SERVICE in its systemd unit), or name a port from ${PRIVILEGED} up and configure senders to use that.`
        : 'this user may not open it.'
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}. Name one of its own, or 0.0.0.0:${port} for all.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} is unknown. Name an address.`
    default:
      return reasonOf(error)
  }
}

/** Reads the present key and certificates; any problem with them is an OperatorError. */
export function secureOptions({ cert, key, ca }: TlsOptions, entry: string): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: pem(`${entry}: tls.cert`, cert, 'CERTIFICATE'),
    key: pem(`${entry}: tls.key`, key, 'PRIVATE KEY'),
    ...(ca === null ? {} : { ca: pem(`${entry}: tls.ca`, ca, 'CERTIFICATE') }),
    minVersion: 'TLSv1.2',
  }
  try {
    tls().createSecureContext(options)
  } catch (error) {
    const why = /key values mismatch/i.test(reasonOf(error))
      ? `the key in ${key} does not belong to the certificate in ${cert}. Name a matching pair.`
      : `${cert} and ${key} can't be used: ${reasonOf(error)}.`
    throw new OperatorError('WB-CERTIFICATE-INVALID', `${entry}: tls: ${why}`, { cause: error })
  }
  return options
}

function pem(name: string, path: string, kind: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const why =
      codeOf(error) === 'ENOENT'
        ? `the file ${path} does not exist. Name the PEM file, or make it.`
        : codeOf(error) === 'EACCES'
          ? `the agent's user may not read ${path}. Give it permission, for instance with \`setfacl -m u:USER:r ${path}\`.`
          : `${path} can't be read: ${reasonOf(error)}.`
    throw new OperatorError('WB-CERTIFICATE-INVALID', `${name}: ${why}`, { cause: error })
  }
  if (!text.includes(`${kind}-----`)) {
    throw new OperatorError(
      'WB-CERTIFICATE-INVALID',
      `${name}: ${path} holds no ${kind.toLowerCase()} in PEM form (-----BEGIN ...${kind}-----).`,
    )
  }
  return text
}
