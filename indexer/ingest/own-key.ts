import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, OperatorError } from '../../schema/index.ts'
import { keyId } from './agents.ts'
import { writeDurably } from './durable.ts'

export interface OwnKey {
  readonly id: string
  readonly privateKey: KeyObject
  /** SPKI in PEM. */
  readonly publicPem: string
}

/** The Ed25519 key that the indexer signs its own waybills with; made when there is none, readable for its user only. */
export async function openOwnKey(folder: string): Promise<OwnKey> {
  const file = join(folder, 'indexer-key.pem')
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await writeDurably(folder, file, pem)
  }
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch (error) {
    throw new OperatorError(
      `${file} holds no private key: put back the file from a backup, or move it away so that a new one is made.`,
      { cause: error },
    )
  }
  const publicKey = createPublicKey(privateKey)
  return {
    id: keyId(publicKey),
    privateKey,
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
  }
}
