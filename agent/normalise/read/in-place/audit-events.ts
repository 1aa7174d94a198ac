import type { Memory } from '../../wasm/memory.ts'
import { UNTRUSTED } from '../formats/audit-pairs.ts'
import { ACCOMPANYING } from '../formats/auditd.ts'
import type { Form } from './form.ts'
import { nameList, pieces } from './name-lists.ts'

/** What the format itself says of an event, as the kernel numbers it. */
const WRITTEN = [
  ...['time', 'audit_id', 'node', 'type', 'records', 'command', 'text'],
  ...['socket_address', 'socket_port', 'path', 'path_kind'],
]
/** These hold no text. */
const STRUCTURES = ['paths', 'enriched']
/** What a record may not say in their place. */
const RESERVED = [...WRITTEN, ...STRUCTURES, 'changes', 'socket_path']

/** Events of the Linux audit system, as `formats/auditd.ts` reads them. */
export class AuditEvents implements Form {
  readonly #memory: Memory
  readonly #known: number

  constructor(memory: Memory) {
    this.#memory = memory
    const known = memory.numbersOf(4)
    known[0] = nameList(memory, UNTRUSTED)
    known[1] = nameList(memory, ACCOMPANYING)
    known[2] = nameList(memory, RESERVED)
    known[3] = pieces(memory, [
      ...WRITTEN.map((name) => `"${name}":"`),
      ...STRUCTURES.map((name) => `"${name}":${name === 'paths' ? '[' : ''}`),
    ])
    this.#known = known.byteOffset
  }

  read(from: number, to: number, out: number): number {
    return this.#memory.kernel.readAudit(this.#known, this.#memory.room, from, to, out)
  }

  decoded(from: number, to: number, out: number): number {
    return this.#memory.kernel.codedTexts(from, to, out)
  }
}
