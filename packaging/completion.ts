import type { Command, Option } from './commands.ts'

/** Completions for shells. They hold all words themselves: a program that is started for each press of the tab key answers too late. */
const wordsOf = ({ commands, options, positionals }: Command, above: readonly Option[]): string[] => [
  ...commands.map(({ path }) => path.at(-1) ?? ''),
  ...positionals.flatMap(({ choices }) => choices),
  ...[...above, ...options].map(({ name }) => `--${name}`),
  '--help',
]

/** Each command with the options of those above it, which it takes too. */
function withAbove(command: Command, above: readonly Option[] = []): [Command, readonly Option[]][] {
  const taken = [...above, ...command.options]
  return [[command, above], ...command.commands.flatMap((one) => withAbove(one, taken))]
}

const keyOf = ({ path }: Command): string => path.slice(1).join(' ')

export function bashCompletion(program: Command): string {
  const name = program.path[0] ?? ''
  const all = withAbove(program)
  const below = all.map(([command]) => keyOf(command)).filter((key) => key !== '')
  return `# bash completion for ${name}
_${name.replaceAll('-', '_')}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${path:+$path }\${COMP_WORDS[i]}" in
      ${below.map((key) => `'${key}'`).join(' | ')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $path in
${all.map(([command, above]) => `    '${keyOf(command)}') words='${wordsOf(command, above).join(' ')}' ;;`).join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _${name.replaceAll('-', '_')} ${name}
`
}

export function zshCompletion(program: Command): string {
  const name = program.path[0] ?? ''
  const all = withAbove(program)
  const below = all.map(([command]) => keyOf(command)).filter((key) => key !== '')
  return `#compdef ${name}
local at= i
local -a names
for ((i = 2; i < CURRENT; i++)); do
  case "\${at:+$at }\${words[i]}" in
    ${below.map((key) => `'${key}'`).join(' | ')}) at="\${at:+$at }\${words[i]}" ;;
  esac
done
case $at in
${all.map(([command, above]) => `  '${keyOf(command)}') names=(${wordsOf(command, above).join(' ')}) ;;`).join('\n')}
esac
compadd -a names
_files
`
}

export function fishCompletion(program: Command): string {
  const name = program.path[0] ?? ''
  const quoted = (text: string): string =>
    `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', ' ')}'`
  const when = ({ path }: Command): string =>
    path.length === 1
      ? '__fish_use_subcommand'
      : path
          .slice(1)
          .map((word) => `__fish_seen_subcommand_from ${word}`)
          .join('; and ')
  const lines = withAbove(program).flatMap(([command, above]) => [
    ...command.commands.map(
      (one) =>
        `complete -c ${name} -n ${quoted(when(command))} -f -a ${one.path.at(-1)} -d ${quoted(one.about)}`,
    ),
    ...[...above, ...command.options].map(
      (one) => `complete -c ${name} -n ${quoted(when(command))} -l ${one.name} -d ${quoted(one.about)}`,
    ),
  ])
  return `# fish completion for ${name}\n${lines.join('\n')}\n`
}
