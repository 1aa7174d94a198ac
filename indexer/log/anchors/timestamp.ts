import { createHash, randomBytes, verify, X509Certificate } from 'node:crypto'
import { contentOf, type Der, oid, partsOf, readAll, TAG, write } from './der.ts'

/**
 * Timestamps of RFC 3161: an authority signs the hash of a text with the time. Everything that is needed to verify it later, without
 * the authority, is in its answer, but for the certificate of the root that the reader trusts.
 */
const OIDS = {
  sha256: '2.16.840.1.101.3.4.2.1',
  signedData: '1.2.840.113549.1.7.2',
  timestampInfo: '1.2.840.113549.1.9.16.1.4',
  messageDigest: '1.2.840.113549.1.9.4',
  contentType: '1.2.840.113549.1.9.3',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
} as const
const HASHES = {
  '1.3.14.3.2.26': 'sha1',
  [OIDS.sha256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
} as const
/** The purpose that a certificate of a timestamp authority has, and no other. */
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
export const QUERY_TYPE = 'application/timestamp-query'
export const REPLY_TYPE = 'application/timestamp-reply'

const isOid = (value: Der | undefined, dotted: string): boolean => value?.bytes.equals(oid(dotted)) === true
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** The question for an authority. */
export function timestampQuery(text: Buffer, nonce: Buffer = randomBytes(8)): Buffer {
  return write(
    TAG.sequence,
    write(TAG.integer, Buffer.from([1])),
    write(
      TAG.sequence,
      write(TAG.sequence, oid(OIDS.sha256), write(TAG.null)),
      write(TAG.octets, sha256(text)),
    ),
    write(TAG.integer, positive(nonce)),
    write(TAG.boolean, Buffer.from([0xff])),
  )
}

/** A number above zero has no leading zeroes, and its first bit is not set. */
const positive = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0x01]), bytes])

export interface Timestamp {
  /** The time that the authority gives, ms. */
  readonly at: number
  /** The subject of its certificate. */
  readonly authority: string
}

/**
 * Verifies an authority's answer: it is about this text, signed by a certificate for timestamps, and this certificate leads to one of
 * `roots`. Throws an error with the reason.
 */
export function verifyTimestamp(
  answer: Buffer,
  text: Buffer,
  roots: readonly X509Certificate[],
  nonce?: Buffer,
): Timestamp {
  const [status, token] = partsOf(readAll(answer)[0])
  const [code] = partsOf(status)
  const granted = contentOf(code, TAG.integer)
  if (granted.length !== 1 || granted[0]! > 1)
    throw new Error(`the authority refused (status ${granted.readInt8(0)})`)
  const [type, wrapped] = partsOf(token)
  if (!isOid(type, OIDS.signedData)) throw new Error('the answer has no signature')
  const signed = partsOf(partsOf(wrapped, 0xa0)[0])
  // Version, hash algorithms, content, certificates and revocation lists if there are any, signers.
  const content = signed[2]
  const certificates = signed.find(({ tag }) => tag === 0xa0)
  const signers = signed.findLast(({ tag }) => tag === TAG.set)
  const [contentType, inner] = partsOf(content)
  if (!isOid(contentType, OIDS.timestampInfo)) throw new Error('the answer is signed, but is no timestamp')
  const info = contentOf(partsOf(inner, 0xa0)[0], TAG.octets)
  const at = checkInfo(info, text, nonce)
  const chain =
    certificates === undefined
      ? []
      : readAll(certificates.content).map(({ bytes }) => new X509Certificate(bytes))
  const [signer, ...more] = partsOf(signers, TAG.set)
  if (signer === undefined || more.length > 0) throw new Error('a timestamp has one signer')
  const certificate = signerOf(signer, info, [...chain, ...roots])
  demandTrusted(certificate, chain, roots, at)
  return { at, authority: certificate.subject.replaceAll('\n', ', ') }
}

/** Checks what was signed, and returns its time, ms. */
function checkInfo(info: Buffer, text: Buffer, nonce: Buffer | undefined): number {
  const parts = partsOf(readAll(info)[0])
  const [algorithm, digest] = partsOf(parts[2])
  if (!isOid(partsOf(algorithm)[0], OIDS.sha256) || !contentOf(digest, TAG.octets).equals(sha256(text)))
    throw new Error('the timestamp is about another text')
  if (nonce !== undefined) {
    // After the time there may be an accuracy (a sequence) and an ordering (a boolean).
    const its = parts.slice(5).find(({ tag }) => tag === TAG.integer)
    if (its === undefined || !its.content.equals(positive(nonce)))
      throw new Error('the timestamp is an answer to another question')
  }
  const time = contentOf(parts[4], TAG.time).toString('latin1')
  const [, year, month, day, hour, minute, second, fraction = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(time) ?? []
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}Z`)
  if (Number.isNaN(at)) throw new Error(`the timestamp has no time: ${time}`)
  return at
}

/** The certificate of the signer, whose signature is checked. */
function signerOf(signer: Der, info: Buffer, candidates: readonly X509Certificate[]): X509Certificate {
  const parts = partsOf(signer)
  const attributes = parts.find(({ tag }) => tag === 0xa0)
  if (attributes === undefined) throw new Error('the timestamp does not sign its attributes')
  const after = parts.slice(parts.indexOf(attributes) + 1)
  const hashName = nameOfHash(partsOf(parts[parts.indexOf(attributes) - 1])[0])
  const signature = contentOf(after[1], TAG.octets)
  const found = new Map<string, Der>()
  for (const attribute of readAll(attributes.content)) {
    const [name, values] = partsOf(attribute)
    const [value] = partsOf(values, TAG.set)
    if (name !== undefined && value !== undefined) found.set(name.bytes.toString('hex'), value)
  }
  const attributeOf = (dotted: string): Der | undefined => found.get(oid(dotted).toString('hex'))
  if (!isOid(attributeOf(OIDS.contentType), OIDS.timestampInfo))
    throw new Error('the signature is for something else than a timestamp')
  const digest = createHash(hashName).update(info).digest()
  if (!contentOf(attributeOf(OIDS.messageDigest), TAG.octets).equals(digest))
    throw new Error('the signature is for another timestamp')
  const isNamed = namedCertificate(
    attributeOf(OIDS.signingCertificateV2),
    attributeOf(OIDS.signingCertificate),
  )
  const certificate = candidates.find(({ raw }) => isNamed(raw))
  if (certificate === undefined) throw new Error("the signer's certificate is not in the answer")
  // Signed as a set, though it is sent with another tag.
  const message = Buffer.concat([Buffer.from([TAG.set]), attributes.bytes.subarray(1)])
  const { publicKey } = certificate
  const algorithm = publicKey.asymmetricKeyType === 'ed25519' ? null : hashName
  if (!verify(algorithm, message, publicKey, signature))
    throw new Error('the signature of the timestamp is wrong')
  return certificate
}

function nameOfHash(value: Der | undefined): (typeof HASHES)[keyof typeof HASHES] {
  for (const [dotted, name] of Object.entries(HASHES)) if (isOid(value, dotted)) return name
  throw new Error('the timestamp is signed with a hash that is not known here')
}

/** Whether a certificate is the one that the signature names by its hash (RFC 5035). */
function namedCertificate(second: Der | undefined, first: Der | undefined): (der: Buffer) => boolean {
  const value = second ?? first
  if (value === undefined) throw new Error('the timestamp does not name the certificate of its signer')
  const parts = partsOf(partsOf(partsOf(value)[0])[0])
  // The hash is SHA-256 unless an algorithm comes before it; the older form has SHA-1.
  const name =
    second === undefined
      ? 'sha1'
      : parts[0]?.tag === TAG.sequence
        ? nameOfHash(partsOf(parts[0])[0])
        : 'sha256'
  const hash = contentOf(parts[0]?.tag === TAG.sequence ? parts[1] : parts[0], TAG.octets)
  return (der) => createHash(name).update(der).digest().equals(hash)
}

/** How many certificates lead from a signer to its root. */
const LONGEST_CHAIN = 8

function demandTrusted(
  signer: X509Certificate,
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  at: number,
): void {
  const purposes = signer.keyUsage ?? []
  if (purposes.length !== 1 || purposes[0] !== TIME_STAMPING)
    throw new Error(`the certificate of ${signer.subject.replaceAll('\n', ', ')} is not for timestamps`)
  let current = signer
  for (let length = 0; length < LONGEST_CHAIN; length++) {
    const name = current.subject.replaceAll('\n', ', ')
    if (at < current.validFromDate.getTime() || at > current.validToDate.getTime())
      throw new Error(`the certificate of ${name} was not valid at the time of the timestamp`)
    if (roots.some((root) => root.raw.equals(current.raw))) return
    const issuer = [...roots, ...chain].find(
      (one) => one.ca && current.checkIssued(one) && current.verify(one.publicKey),
    )
    if (issuer === undefined || issuer.raw.equals(current.raw))
      throw new Error(`the certificate of ${name} does not lead to a trusted root`)
    current = issuer
  }
  throw new Error('the certificates of the timestamp lead to no root')
}
