import type { Consignment, KeptLine, Proof, ProofPage } from '../../store/port.ts'
import { keyOf } from './names.ts'
import type { Run } from './run.ts'
import type { EvidenceSource } from './source.ts'

/** Waybills that are read at once. */
const PAGE = 256

/** All that a source has after a place, the fast way as far as there is one. */
export async function* pagesFrom(source: EvidenceSource, from: string | null): AsyncGenerator<ProofPage> {
  let place = from
  for await (const page of source.proofs?.(place) ?? []) {
    yield page
    place = page.next
  }
  yield* consignmentPages(source, place)
}

/** The same with all lines. */
export async function* consignmentPages(
  { consignments }: Pick<EvidenceSource, 'consignments'>,
  from: string | null = null,
): AsyncGenerator<
  ProofPage & {
    readonly consignments: Awaited<ReturnType<EvidenceSource['consignments']['list']>>['consignments']
  }
> {
  for (let after = from; ; ) {
    const page = await consignments.list({ after, limit: PAGE })
    yield {
      proofs: page.consignments,
      consignments: page.consignments,
      damaged: page.damaged,
      next: page.next,
    }
    if (page.isEnd) return
    after = page.next
  }
}

/** What a page has, with lines that were changed among those of their waybills. Tells the run of lines that can't be read. */
export function readable(
  { proofs, damaged }: Pick<ProofPage, 'proofs' | 'damaged'>,
  run: Pick<Run, 'unreadable'>,
): readonly (Proof | Consignment)[] {
  if (damaged.length === 0) return proofs
  const changed = new Map<string, KeptLine[]>()
  for (const { where, line, ...at } of damaged) {
    if (line === undefined) run.unreadable(at, where)
    else changed.set(keyOf(at), [...(changed.get(keyOf(at)) ?? []), line])
  }
  return proofs.map((one) => {
    const lines = 'waybill' in one && one.waybill !== null ? changed.get(keyOf(one)) : undefined
    return lines === undefined || !('waybill' in one)
      ? one
      : { ...one, lines: [...one.lines, ...lines].sort((a, b) => a.position - b.position) }
  })
}
