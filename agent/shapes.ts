import { type Notice, noticeText, sameNotice } from '../schema/wire/index.ts'
import { mostlyLacking, NO_SHAPE, type PipelineShape, type Shape, sumOfShapes } from './normalise/index.ts'
import type { State } from './state/index.ts'

/** An input with its name in notices. */
export interface ShapedInput {
  readonly input: string
  readonly integration: string
  /** Identifies the settings that its records are read with: other settings start a new count. */
  readonly key: string
  readonly expected: number
}

const KEY = 'shapes'
/** Beyond this number of records the older half loses weight, so that notices describe recent records. */
const MOST = 2000

type Kept = Readonly<Record<string, Shape>>

/** Counts what the records of each input lack, and makes notices: most have no type, no user, no time, or were not understood. */
export class Shapes {
  readonly #inputs: readonly ShapedInput[]
  readonly #shapes: Shape[]
  #notices: readonly Notice[]
  readonly #log: { warn(message: string): void; info(message: string): void } | null

  /** With a log, it reports the beginning and the end of each notice there. */
  constructor(
    inputs: readonly ShapedInput[],
    state: Pick<State, 'get'>,
    log: { warn(message: string): void; info(message: string): void } | null,
  ) {
    const kept = state.get<Kept>(KEY) ?? {}
    this.#inputs = inputs
    this.#shapes = inputs.map(({ key }) => kept[key] ?? NO_SHAPE)
    this.#log = log
    this.#notices = this.#look()
  }

  get notices(): readonly Notice[] {
    return this.#notices
  }

  take(shapes: readonly PipelineShape[]): void {
    for (const { pipeline, shape } of shapes) {
      const sum = sumOfShapes(this.#shapes[pipeline] ?? NO_SHAPE, shape)
      this.#shapes[pipeline] = sum.records > MOST ? halved(sum) : sum
    }
    const before = this.#notices
    this.#notices = this.#look()
    for (const notice of newIn(this.#notices, before)) this.#log?.warn(noticeText(notice))
    for (const { input, lacks } of newIn(before, this.#notices))
      this.#log?.info(`${input}: most records have a ${lacks} again.`)
  }

  /** Saves the counts when the agent stops, so that a command can report them without a running agent. */
  async keep(state: Pick<State, 'write'>): Promise<void> {
    const kept: Kept = Object.fromEntries(
      this.#inputs.map(({ key }, i) => [key, this.#shapes[i] ?? NO_SHAPE]),
    )
    await state.write([{ key: KEY, value: kept }])
  }

  #look(): Notice[] {
    return this.#inputs.flatMap(({ input, integration, expected }, i) =>
      noticesOf({ input, integration, expected }, this.#shapes[i]!),
    )
  }
}

const MOST_NAME = 1024

export const noticesOf = (
  { input, integration, expected }: Omit<ShapedInput, 'key'>,
  shape: Shape,
  lacking = mostlyLacking(shape, expected),
): Notice[] =>
  lacking.map((lacks) => ({
    input: input.slice(0, MOST_NAME),
    integration: integration.slice(0, MOST_NAME),
    lacks,
    records: shape.records,
    lacking: shape[lacks],
  }))

const newIn = (now: readonly Notice[], before: readonly Notice[]): Notice[] =>
  now.filter((one) => !before.some((other) => sameNotice(one, other)))

function halved(shape: Shape): Shape {
  const half = (count: number): number => Math.round(count / 2)
  const { records, type, user, time, sense } = shape
  return { records: half(records), type: half(type), user: half(user), time: half(time), sense: half(sense) }
}
