import type { Finding } from '../../../schema/api/index.ts'
import { OperatorError } from '../../../schema/index.ts'
import type { EvidenceSource } from '../../log/verify/index.ts'
import type { Consignment } from '../../store/port.ts'
import { LOG } from './log-copy.ts'
import type { ArchiveReading } from './open.ts'
import { isAboutContent } from './seal.ts'
import type { AgentKey } from './write.ts'

/** Objects that people or a schedule exported: what they have is in the objects of partitions, too, or is proved there. */
const EXPORTS = 'query/'

/** An archive as evidence. A waybill comes once for each object that has lines of it, each time with the hashes of all other lines. */
export function archiveEvidence(
  reading: ArchiveReading,
  names: readonly string[] = reading.names.filter((name) => !name.startsWith(EXPORTS)),
): EvidenceSource {
  if (names.length === 0)
    throw new OperatorError(
      'WB-ARCHIVE-DAMAGED',
      `There is no object to verify in ${reading.place}: somebody removed them, or nothing was archived yet. Compare it with \`waybill archive\`.`,
      { exitCode: 2 },
    )
  const damaged = new Map<string, Finding>()
  /** A damaged object is named, and the others are read. */
  const notice = (name: string, thrown: unknown): void => {
    if (!isAboutContent(thrown)) throw thrown
    damaged.set(name, {
      kind: 'archive-damaged',
      weight: 'wrong',
      object: name,
      sentence: `${thrown.message}.`,
    })
  }
  let running: { readonly at: string; readonly rest: AsyncGenerator<Consignment> } | null = null

  /** From the nth waybill of an object on, to the end of the archive. */
  async function* from(object: number, nth: number): AsyncGenerator<Consignment> {
    for (let i = object; i < names.length; i++) {
      const name = names[i]!
      try {
        const opened = await reading.open(name, { forAll: true })
        let n = 0
        for await (const consignment of opened.consignments()) if (i > object || n++ >= nth) yield consignment
      } catch (thrown) {
        notice(name, thrown)
      }
    }
  }

  return {
    kind: 'archive',
    place: reading.place,
    // What had no archive time, and what is not archived yet, lies elsewhere.
    holds: 'part',
    logs: [
      {
        place: `the log in ${reading.place}`,
        read: (path) => reading.file(`${LOG}${path}`),
      },
    ],
    deadLetters: null,
    counted: async () => null,
    consignments: {
      // The cursor counts waybills from the beginning: verification reads once, and resumes seldom.
      async list({ after, limit }) {
        const at = after ?? '0'
        if (running?.at !== at) {
          running = { at, rest: from(0, 0) }
          for (let skipped = 0; skipped < Number(at); skipped++) await running.rest.next()
        }
        const { rest } = running
        const consignments: Consignment[] = []
        let isEnd = false
        while (consignments.length < limit) {
          const next = await rest.next()
          if (next.done === true) {
            isEnd = true
            break
          }
          consignments.push(next.value)
        }
        const next = String(Number(at) + consignments.length)
        running = { at: next, rest }
        return { consignments, damaged: [], next, isEnd }
      },
    },
    async keys() {
      const found = new Map<string, AgentKey>()
      for (const name of names) {
        try {
          const object = await reading.open(name)
          for (const key of JSON.parse((await object.part('keys')).toString('utf8')) as AgentKey[])
            found.set(`${key.agent}/${key.key}`, key)
        } catch (thrown) {
          notice(name, thrown)
        }
      }
      return [...found.values()]
    },
    faults: () => [...damaged.values()],
    close: () => reading.close(),
  }
}

/** The names of an archive that a person gave: objects, or beginnings of their names. */
export function namesIn(reading: ArchiveReading, given: readonly string[]): readonly string[] {
  if (given.length === 0) return reading.names
  const names = reading.names.filter((name) => given.some((one) => name.startsWith(one)))
  if (names.length === 0)
    throw new OperatorError(
      'WB-FILE-MISSING',
      `${reading.place} has no object whose name begins with ${given.join(' or ')}`,
    )
  return names
}
