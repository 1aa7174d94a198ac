import { type KeyObject, sign, X509Certificate } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'

/** Node reads certificates of X.509 and has no writer of them. */
export interface CertificateWanted {
  readonly subject: string
  /** The name of the authority that signs it; for an authority itself its own. */
  readonly issuer: string
  readonly publicKey: KeyObject
  /** ms. */
  readonly from: number
  readonly until: number
  /** An authority; a client; or a server under these names and addresses. */
  readonly use: 'authority' | 'client' | { readonly names: readonly string[] }
}

export interface Signer {
  /** Ed25519, or EC on P-256: browsers accept no Ed25519 of a server. */
  readonly key: KeyObject
  readonly serial: Buffer
}

const ALGORITHMS: Readonly<Record<string, { readonly oid: string; readonly hash: string | null }>> = {
  ed25519: { oid: '1.3.101.112', hash: null },
  ec: { oid: '1.2.840.10045.4.3.2', hash: 'sha256' },
}
const COMMON_NAME = '2.5.4.3'

/** Loads what it needs when there is something to sign: most indexers sign nothing. */
export async function signedCertificate(
  wanted: CertificateWanted,
  { key, serial }: Signer,
): Promise<X509Certificate> {
  const { AsnConvert, OctetString } = await import('@peculiar/asn1-schema')
  const asn = await import('@peculiar/asn1-x509')
  const kind = ALGORITHMS[key.asymmetricKeyType ?? '']
  if (kind === undefined) throw new Error(`no certificate is signed by a key of ${key.asymmetricKeyType}`)
  const named = (name: string) =>
    new asn.Name([
      new asn.RelativeDistinguishedName([
        new asn.AttributeTypeAndValue({
          type: COMMON_NAME,
          value: new asn.AttributeValue({ utf8String: name }),
        }),
      ]),
    ])
  const extension = (extnID: string, critical: boolean, value: object) =>
    new asn.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })
  const leaf = (usage: string) => [
    extension(asn.id_ce_keyUsage, true, new asn.KeyUsage(asn.KeyUsageFlags.digitalSignature)),
    extension(asn.id_ce_extKeyUsage, false, new asn.ExtendedKeyUsage([usage])),
  ]
  const extensionsFor = ({ use }: CertificateWanted) => {
    if (use === 'authority')
      return [
        extension(
          asn.id_ce_basicConstraints,
          true,
          new asn.BasicConstraints({ cA: true, pathLenConstraint: 0 }),
        ),
        extension(asn.id_ce_keyUsage, true, new asn.KeyUsage(asn.KeyUsageFlags.keyCertSign)),
      ]
    if (use === 'client') return leaf(asn.id_kp_clientAuth)
    const names = use.names.map((name) =>
      isIPv4(name) || isIPv6(name)
        ? new asn.GeneralName({ iPAddress: name })
        : new asn.GeneralName({ dNSName: name }),
    )
    return [
      ...leaf(asn.id_kp_serverAuth),
      extension(asn.id_ce_subjectAltName, false, new asn.SubjectAlternativeName(names)),
    ]
  }
  // Positive, and as long as it looks.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const algorithm = new asn.AlgorithmIdentifier({ algorithm: kind.oid })
  const tbs = new asn.TBSCertificate({
    version: asn.Version.v3,
    serialNumber: bufferOf(serial),
    signature: algorithm,
    issuer: named(wanted.issuer),
    subject: named(wanted.subject),
    validity: new asn.Validity({ notBefore: new Date(wanted.from), notAfter: new Date(wanted.until) }),
    subjectPublicKeyInfo: AsnConvert.parse(
      wanted.publicKey.export({ type: 'spki', format: 'der' }),
      asn.SubjectPublicKeyInfo,
    ),
    extensions: new asn.Extensions(extensionsFor(wanted)),
  })
  const signature = sign(kind.hash, Buffer.from(AsnConvert.serialize(tbs)), key)
  const signed = new asn.Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  })
  return new X509Certificate(Buffer.from(AsnConvert.serialize(signed)))
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  const own = new ArrayBuffer(bytes.length)
  bytes.copy(Buffer.from(own))
  return own
}
