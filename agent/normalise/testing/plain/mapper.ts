import type { MadeOf, RecordMapper } from '../../map/mapper.ts'
import type { Output } from '../../map/output.ts'
import type { Pipeline, Place, Understanding } from '../../map/pipeline.ts'
import { PlainPipeline } from './pipeline.ts'

/** The reference with the mapper's interface: every record arrives as members. */
export class PlainMapper implements RecordMapper {
  lacks = 0
  readonly #plain: PlainPipeline
  readonly #output: Output

  constructor(pipeline: Pipeline, _memory: unknown, output: Output) {
    this.#plain = new PlainPipeline(pipeline)
    this.#output = output
  }

  begin(): void {}

  readonly readsBytes = false

  takeBytes(): 'declined' {
    return 'declined'
  }

  takeMessage(): 'declined' {
    return 'declined'
  }

  take(place: Place, known: Understanding, { flags, offset, key }: MadeOf): 'event' | 'failed' | 'filtered' {
    const made = this.#plain.lineFrom(place, known, flags, offset, key)
    if (made === 'filtered') return made
    this.lacks = made.lacks
    this.#output.writeLine(made.text)
    return made.failed ? 'failed' : 'event'
  }
}
