import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf, OperatorError, reasonOf } from '../../schema/index.ts'
import { writeDurably } from '../ingest/index.ts'
import { base64, type SignatureType, type SigningKey, verifierKey } from './note.ts'

/**
 * The keys that sign for a log or a witness: a pair of Ed25519, which every reader of checkpoints knows, and one of ML-DSA-44, which
 * withstands quantum computers.
 */
export interface KeySet {
  /** The Ed25519 key first. */
  readonly keys: readonly SigningKey[]
  /** The same keys for a note that is no checkpoint. */
  readonly forNotes: readonly SigningKey[]
}

/** Where private keys are. */
export interface KeySource {
  /** The key sets that can sign, the newest first; none if there is no key yet. */
  list(name: string, types: KeyTypes): Promise<readonly KeySet[]>
  /** Makes a new key set. Keys that a command uses are made elsewhere: then it throws. */
  make(): Promise<void>
  /** Destroys the oldest key set. */
  retire(): Promise<void>
  /** Where they are, for messages. */
  readonly place: string
}

/** A log signs checkpoints, and a witness cosigns them: other messages, under other types. */
export type KeyTypes = readonly [SignatureType, SignatureType]
export const LOG_KEYS: KeyTypes = ['ed25519', 'ml-dsa-44-cosignature']
export const WITNESS_KEYS: KeyTypes = ['ed25519-cosignature', 'ml-dsa-44-cosignature']
const NOTE_KEYS: KeyTypes = ['ed25519', 'ml-dsa-44-note']

type Sign = (message: Buffer) => Promise<Buffer>
interface Pair {
  readonly publicKey: KeyObject
  readonly sign: Sign
}

function keySet(name: string, types: KeyTypes, [ed25519, mlDsa]: readonly [Pair, Pair | undefined]): KeySet {
  const keysOf = ([first, second]: KeyTypes): SigningKey[] => [
    { verifier: verifierKey(name, first, ed25519.publicKey), sign: ed25519.sign },
    ...(mlDsa === undefined
      ? []
      : [{ verifier: verifierKey(name, second, mlDsa.publicKey), sign: mlDsa.sign }]),
  ]
  return { keys: keysOf(types), forNotes: keysOf(NOTE_KEYS) }
}

const PEM = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g

/** Private keys in files of a folder, `001.pem` and so on, each with the keys of one set. */
export function keyFolder(folder: string): KeySource {
  const numbers = async (): Promise<number[]> => {
    try {
      const names = await readdir(folder)
      return names
        .flatMap((name) => (/^\d{3}\.pem$/.test(name) ? [Number.parseInt(name, 10)] : []))
        .sort((a, b) => b - a)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  }
  const fileOf = (number: number): string => join(folder, `${String(number).padStart(3, '0')}.pem`)
  return {
    place: folder,
    async list(name, types) {
      const sets: KeySet[] = []
      for (const number of await numbers()) sets.push(keySet(name, types, await readPairs(fileOf(number))))
      return sets
    },
    async make() {
      const [newest = 0] = await numbers()
      const pems = (['ed25519', 'ml-dsa-44'] as const).map((type) => {
        const { privateKey } = type === 'ed25519' ? generateKeyPairSync(type) : generateKeyPairSync(type)
        return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      })
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeDurably(folder, fileOf(newest + 1), pems.join(''))
    },
    async retire() {
      const oldest = (await numbers()).at(-1)
      if (oldest !== undefined) await rm(fileOf(oldest))
    },
  }
}

async function readPairs(file: string): Promise<readonly [Pair, Pair | undefined]> {
  try {
    const pairs = ((await readFile(file, 'utf8')).match(PEM) ?? []).map((pem) => {
      const privateKey = createPrivateKey(pem)
      return {
        publicKey: createPublicKey(privateKey),
        sign: async (message: Buffer) => sign(null, message, privateKey),
      }
    })
    return inOrder(pairs)
  } catch (error) {
    throw new OperatorError(
      'WB-LOG-KEY',
      `${file} holds no keys that can sign the log (${reasonOf(error)}): restore the file from a backup`,
      { cause: error },
    )
  }
}

function inOrder(pairs: readonly Pair[]): readonly [Pair, Pair | undefined] {
  const of = (type: string) => pairs.find(({ publicKey }) => publicKey.asymmetricKeyType === type)
  const ed25519 = of('ed25519')
  if (ed25519 === undefined) throw new Error('there is no Ed25519 key among them')
  return [ed25519, of('ml-dsa-44')]
}

/** A signature of a key elsewhere may pass a network. */
const COMMAND_TIMEOUT = 20_000

/**
 * A command that signs, for keys on another machine or in a device. `command public-keys` prints public keys as PEM: for each set an Ed25519
 * key and, if there is one, an ML-DSA-44 key after it; the newest set first. `command sign` gets the public key as PEM and a line with the
 * message in base64 on its input, and prints the signature in base64.
 */
export function keyCommand([program, ...args]: readonly [string, ...string[]]): KeySource {
  const run = async (what: string, input: string): Promise<string> => {
    const child = promisify(execFile)(program, [...args, what], { timeout: COMMAND_TIMEOUT })
    child.child.stdin?.on('error', () => {})
    child.child.stdin?.end(input)
    try {
      return (await child).stdout
    } catch (error) {
      throw new OperatorError(
        'WB-LOG-KEY',
        `the command \`${program} ${what}\`, which has the keys of the log, failed: ${reasonOf(error)}`,
        {
          cause: error,
        },
      )
    }
  }
  const place = `the command ${program}`
  return {
    place,
    async list(name, types) {
      const pairs = ((await run('public-keys', '')).match(PEM) ?? []).map((pem): Pair => {
        const publicKey = createPublicKey(pem)
        return {
          publicKey,
          async sign(message) {
            const signature = base64((await run('sign', `${pem}\n${message.toString('base64')}\n`)).trim())
            if (signature === null)
              throw new OperatorError('WB-LOG-KEY', `${place} printed no signature in base64`)
            return signature
          },
        }
      })
      const sets: Pair[][] = []
      for (const pair of pairs)
        if (pair.publicKey.asymmetricKeyType === 'ed25519') sets.push([pair])
        else sets.at(-1)?.push(pair)
      if (sets.length === 0) throw new OperatorError('WB-LOG-KEY', `${place} printed no public keys`)
      return sets.map((set) => keySet(name, types, inOrder(set)))
    },
    async make() {
      throw new OperatorError(
        'WB-LOG-KEY',
        `${place} has the keys of the log: let it list a new key before the old one, and restart the indexer`,
      )
    },
    async retire() {},
  }
}
