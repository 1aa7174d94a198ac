import type { Source, Tail } from './source.ts'
import type { SweepParts } from './sweep.ts'

/** Releases finished data: settled generations, settled bytes in hold/, and sources that are long gone. */
export function tidy(parts: SweepParts, sweep: number, now: number): void {
  const { catalog, descriptors, hold, keeper, policy } = parts
  const isOld = (tail: Tail): boolean =>
    tail.gone !== null && (tail.source.config?.passing === true || now - tail.gone > policy.forgetAfter)
  const forgotten: Source[] = []
  for (const tail of [...catalog.tails()]) {
    if (tail.finished) {
      if (tail.inode === null) tail.gone ??= now
      if (isOld(tail)) catalog.dropFinished(tail)
      continue
    }
    if (tail.heldTo !== null && tail.isSettled && (tail.held || tail.descriptor === null)) {
      if (keeper.isCopying(tail)) continue
      tail.reader?.close()
      tail.reader = null
      tail.held = false
      tail.heldTo = null
      void hold.remove(tail.source.id, tail.generation)
      if (tail.packed === null && tail.seenIn !== sweep) tail.gone ??= now
      catalog.touched(tail)
    }
    if (tail.inode === null && tail.reader === null && tail.gone === null) {
      tail.gone = now
      catalog.touched(tail)
    }
    if (!tail.isCurrent && tail.ended && tail.isSettled && !keeper.isCopying(tail)) {
      descriptors.close(tail)
      catalog.finish(tail)
    } else if (tail.isCurrent && isOld(tail) && tail.isSettled) {
      forgotten.push(tail.source)
    } else if (
      tail.descriptor !== null &&
      tail.lostSince === null &&
      tail.read >= tail.size &&
      now - tail.changedAt > policy.activeFor
    ) {
      descriptors.close(tail)
    }
  }
  for (const source of forgotten) catalog.forget(source)
}
