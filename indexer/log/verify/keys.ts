import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Finding } from '../../../schema/api/index.ts'
import { keyId } from '../../ingest/index.ts'
import type { Keys } from './examine.ts'
import type { AgentKey } from './source.ts'

/** The public keys of agents that a verification believes, by agent and id. An id is always computed from its key. */
export class AgentKeys implements Keys {
  readonly #keys = new Map<string, KeyObject>()
  readonly #findings: Finding[] = []

  constructor(keys: readonly AgentKey[]) {
    for (const { agent, key, pem } of keys) {
      const read = readKey(pem)
      const id = read === null ? null : keyId(read)
      if (read !== null && id === key) {
        this.#keys.set(`${agent}/${key}`, read)
        continue
      }
      const why = id === null ? 'is no public key' : `has the id ${id}`
      const sentence = `Key ${key} of agent ${agent} was changed: what is stored under this id ${why}.`
      this.#findings.push({ kind: 'key-differs', weight: 'wrong', agent, key, sentence })
    }
  }

  find(agent: string, key: string): KeyObject | null {
    return this.#keys.get(`${agent}/${key}`) ?? null
  }

  get findings(): readonly Finding[] {
    return this.#findings
  }
}

function readKey(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem)
  } catch {
    return null
  }
}
