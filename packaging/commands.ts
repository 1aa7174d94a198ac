import yargs, { type Argv } from 'yargs'
import * as z from 'zod'

/** The commands of a program as its own definitions declare them: manual pages and completions are made of these. */
export interface Command {
  /** The words that call it, such as `waybill agents token`. */
  readonly path: readonly string[]
  /** Its arguments as yargs writes them, such as `<id> [names..]`. */
  readonly arguments: string
  readonly about: string
  readonly positionals: readonly Option[]
  readonly options: readonly Option[]
  readonly examples: readonly { readonly line: string; readonly about: string }[]
  readonly closing: string
  readonly commands: readonly Command[]
}

const option = z.object({
  type: z.string().optional(),
  alias: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  describe: z.string().optional(),
  default: z.unknown().optional(),
  choices: z.array(z.string()).default([]),
  array: z.boolean().default(false),
  hidden: z.boolean().default(false),
})
export type Option = Omit<z.infer<typeof option>, 'describe' | 'hidden'> & {
  readonly name: string
  readonly about: string
}

interface Draft {
  about: string
  readonly positionals: Option[]
  readonly options: Option[]
  readonly examples: { line: string; about: string }[]
  readonly closings: string[]
  readonly commands: { words: string; about: string; builder: unknown }[]
}

const commandModule = z.object({
  command: z.string(),
  describe: z.union([z.string(), z.literal(false)]).optional(),
  builder: z.unknown(),
})

/** What a declaration adds to a command. Whatever else yargs offers changes no page. */
const NOTED: Readonly<Record<string, (draft: Draft, given: readonly unknown[]) => void>> = {
  option: (draft, [name, given]) => add(draft.options, name, given),
  options: (draft, [all]) => {
    for (const [name, given] of Object.entries(z.record(z.string(), z.unknown()).parse(all)))
      add(draft.options, name, given)
  },
  positional: (draft, [name, given]) => add(draft.positionals, name, given),
  example: (draft, [line, about]) =>
    draft.examples.push({ line: z.string().parse(line), about: z.string().parse(about) }),
  epilogue: (draft, [text]) => draft.closings.push(z.string().parse(text)),
  usage: (draft, [text]) => {
    draft.about = z.string().parse(text).split('\n\n').slice(1).join('\n\n')
  },
  completion: (draft, [words, about]) =>
    draft.commands.push({ words: z.string().parse(words), about: z.string().parse(about), builder: null }),
  command: (draft, [first, about, builder]) => {
    const module = commandModule.safeParse(first)
    if (module.success) {
      const { command: words, describe, builder } = module.data
      if (describe !== false) draft.commands.push({ words, about: describe ?? '', builder })
      return
    }
    const [words = ''] = z.union([z.string().transform((one) => [one]), z.array(z.string())]).parse(first)
    if (about !== false) draft.commands.push({ words, about: z.string().parse(about ?? ''), builder })
  },
}

function add(list: Option[], name: unknown, given: unknown): void {
  const { describe = '', hidden, ...rest } = option.parse(given ?? {})
  if (!hidden) list.push({ ...rest, name: z.string().parse(name), about: describe })
}

/** Takes the same calls as yargs, and notes what they declare. */
function recorder(draft: Draft): Argv {
  const record: Argv = new Proxy(yargs(), {
    get(_, name) {
      // With a `then` an `await` would take it for a promise, and wait for ever.
      if (typeof name !== 'string' || name === 'then') return undefined
      return (...given: unknown[]) => {
        NOTED[name]?.(draft, given)
        return record
      }
    },
  })
  return record
}

type Declaration = (cli: Argv) => unknown
const isDeclaration = (builder: unknown): builder is Declaration => typeof builder === 'function'

export async function commandOf(
  path: readonly string[],
  declare: unknown,
  { about = '', words = '' } = {},
): Promise<Command> {
  const draft: Draft = { about, positionals: [], options: [], examples: [], closings: [], commands: [] }
  if (isDeclaration(declare)) await declare(recorder(draft))
  const commands: Command[] = []
  for (const { words, about, builder } of draft.commands) {
    const [name = '', ...rest] = words.split(' ')
    // What a command does without a word of its own is its own page.
    if (name !== '$0')
      commands.push(await commandOf([...path, name], builder, { about, words: rest.join(' ') }))
  }
  return {
    path,
    arguments: words,
    about: draft.about,
    positionals: draft.positionals,
    options: draft.options,
    examples: draft.examples.map(({ line, about }) => ({ line: line.replace('$0', path[0] ?? ''), about })),
    closing: draft.closings.join('\n\n'),
    commands,
  }
}
