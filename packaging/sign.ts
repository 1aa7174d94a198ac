import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { reasonOf } from '../schema/index.ts'
import { BuildError } from './error.ts'

export interface KeyPair {
  readonly secret: KeyObject
}

/** The builder's key, an Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` makes it. */
export function readKey(file: string): KeyPair {
  const remedy = `make one with \`openssl genpkey -algorithm ed25519 -out ${file}\``
  let secret: KeyObject
  try {
    secret = createPrivateKey(readFileSync(file))
  } catch (error) {
    throw new BuildError(`--key ${file} can't be read as a key (${reasonOf(error)}): ${remedy}.`)
  }
  if (secret.asymmetricKeyType !== 'ed25519')
    throw new BuildError(
      `--key ${file} is a key for ${secret.asymmetricKeyType}, expected Ed25519: ${remedy}.`,
    )
  return { secret }
}

/** The signature of the bytes themselves, 64 bytes, as openssl verifies it. */
export const signed = (bytes: Buffer, { secret }: KeyPair): Buffer => sign(null, bytes, secret)

export const publicPem = ({ secret }: KeyPair): string =>
  createPublicKey(secret).export({ type: 'spki', format: 'pem' }).toString()
