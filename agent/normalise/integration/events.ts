import { foldsLonger } from '../../../schema/index.ts'
import { Piece } from '../wasm/piece.ts'
import { type Asked, type Conditions, type Simple, simpleIn } from './condition.ts'
import { type Condition, type EventType, folded } from './integration.ts'
import { type Given, givenBy } from './lookups.ts'
import { finder } from './pattern.ts'
import { remembered } from './remembered.ts'

/** A compiled event type: whether a record has it, and the values that it sets. */
export interface KnownType {
  readonly type: EventType
  /** The JSON of its id. */
  readonly code: Piece
  readonly set: readonly Given[]
}

const MOST_BRANCHES = 32 * 1024

/** A question that conditions ask of a record. Records with the same answer are equal for all conditions that share the question. */
type Question = (asked: Asked) => number

/** The limit of patterns whose answers fit a number, together with the words. */
const MOST_PATTERNS = 16

/** Groups conditions into questions. Conditions on one name share a question, or several if they have many patterns. */
function questionsOf(conditions: readonly Simple[], ready: Conditions): Map<Simple, Question> {
  const questions = new Map<Simple, Question>()
  const named = Map.groupBy(
    conditions.filter((condition) => !('differsFrom' in condition)),
    ({ name }) => name,
  )
  for (const [name, ofName] of named) {
    const text = ready.text(name)
    const words = new Map<string, number>()
    for (const condition of ofName)
      if ('oneOf' in condition)
        for (const word of condition.oneOf.map(folded)) if (!words.has(word)) words.set(word, words.size + 1)
    const longest = Math.max(0, ...[...words.keys()].map((word) => word.length))
    const wordOf = (said: string): number =>
      foldsLonger(said, longest) ? ANY : (words.get(folded(said)) ?? ANY)
    const patterns = ofName.flatMap((condition) => ('matches' in condition ? [condition] : []))
    for (let first = 0; first === 0 || first < patterns.length; first += MOST_PATTERNS) {
      const these = patterns.slice(first, first + MOST_PATTERNS)
      const finders = these.map(({ matches }) => finder(matches))
      const meaning = remembered((said) => {
        let means = first === 0 && words.size > 0 ? wordOf(said) : ANY
        for (const finds of finders) means = means * 2 + (finds(said) ? 1 : 0)
        return means
      })
      const question: Question = (asked) => {
        const said = text(asked)
        return said === undefined ? UNSAID : meaning(said)
      }
      for (const condition of first === 0 ? ofName : these)
        if (!('matches' in condition) || these.includes(condition)) questions.set(condition, question)
    }
  }
  for (const condition of conditions) {
    if (!('differsFrom' in condition)) continue
    const differs = ready.check(condition)
    questions.set(condition, (asked) => Number(differs(asked)))
  }
  return questions
}

const ANY = 0
const UNSAID = -1

/** A node of the decision tree: the answers so far lead to the next question, or to the type that they decide. */
interface Branch {
  readonly question: Question | null
  readonly next: Map<number, Branch>
  readonly known: KnownType | null
}

/** A condition whose parts are asked one by one: returns whether it holds, or the next question. */
type Decision = (asked: Asked, answered: ReadonlySet<Question>) => boolean | Question

const NONE: ReadonlySet<Question> = new Set()

/**
 * The catalogue of an integration: the first type that applies is the record's type. Only a few texts decide, most of them repeated names
 * of actions and things. So the class remembers the result of each text and asks a record only the questions that its earlier answers
 * leave open.
 */
export class EventTypes {
  readonly #types: readonly (KnownType & { readonly decide: Decision })[]
  #root: Branch | null = null
  /** The questions that the current record was asked. */
  readonly #path: Question[] = []
  #branches = 0

  constructor(types: readonly EventType[], conditions: Conditions) {
    const questions = questionsOf(
      types.flatMap(({ when }) => simpleIn(when)),
      conditions,
    )
    this.#types = types.map((type) => ({
      type,
      decide: decisionOf(type.when, questions, conditions),
      set: type.set.map(givenBy),
      code: new Piece(JSON.stringify(type.id)),
    }))
  }

  get size(): number {
    return this.#types.length
  }

  of(asked: Asked): KnownType | null {
    this.#root ??= this.#branch(asked, NONE)
    let branch = this.#root
    for (let depth = 0; branch.question !== null; depth++) {
      const { question } = branch
      this.#path[depth] = question
      const means = question(asked)
      let next = branch.next.get(means)
      if (next === undefined) {
        next = this.#branch(asked, new Set(this.#path.slice(0, depth + 1)))
        branch.next.set(means, next)
      }
      branch = next
    }
    return branch.known
  }

  #branch(asked: Asked, answered: ReadonlySet<Question>): Branch {
    // If a source always gives new answers, this costs time but never memory.
    if (++this.#branches > MOST_BRANCHES) {
      this.#root = null
      this.#branches = 0
    }
    for (const known of this.#types) {
      const decided = known.decide(asked, answered)
      if (decided === false) continue
      const isIt = decided === true
      return { question: isIt ? null : decided, next: new Map(), known: isIt ? known : null }
    }
    return { question: null, next: new Map(), known: null }
  }

  /** Returns every value that a type can set. */
  all(): readonly Given[] {
    return this.#types.flatMap(({ set }) => set)
  }
}

function decisionOf(
  condition: Condition,
  questions: ReadonlyMap<Simple, Question>,
  conditions: Conditions,
): Decision {
  if ('not' in condition) {
    const decide = decisionOf(condition.not, questions, conditions)
    return (asked, answered) => {
      const decided = decide(asked, answered)
      return typeof decided === 'boolean' ? !decided : decided
    }
  }
  if ('all' in condition || 'any' in condition) {
    const parts = ('all' in condition ? condition.all : condition.any).map((part) =>
      decisionOf(part, questions, conditions),
    )
    // One part that holds decides `any`; one that does not hold decides `all`.
    const deciding = 'any' in condition
    return (asked, answered) => {
      let open: Question | null = null
      for (const decide of parts) {
        const decided = decide(asked, answered)
        if (decided === deciding) return deciding
        if (typeof decided !== 'boolean') open ??= decided
      }
      return open ?? !deciding
    }
  }
  const question = questions.get(condition)
  if (question === undefined) throw new Error(`nothing asks for ${condition.name}`)
  const check = conditions.check(condition)
  return (asked, answered) => (answered.has(question) ? check(asked) : question)
}
