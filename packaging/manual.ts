import type { Command, Option } from './commands.ts'

/** Manual pages of a program: one of its own, and one for each of its first words, as `man waybill-search`. */
export function manualOf(
  program: Command,
  given: { readonly version: string; readonly date: Date },
): Map<string, string> {
  const all = [program, ...program.commands]
  return new Map(all.map((command) => [`${command.path.join('-')}.1`, page(command, all, given)]))
}

function page(
  command: Command,
  all: readonly Command[],
  { version, date }: { readonly version: string; readonly date: Date },
): string {
  const name = command.path.join('-')
  const isWhole = command.path.length === 1
  const below = isWhole ? [] : nested(command)
  const beside = all.filter((other) => other !== command && (isWhole || other.path.length === 1))
  const sections = [
    `.TH ${roff(name.toUpperCase())} 1 ${date.toISOString().slice(0, 10)} "Waybill ${roff(version)}" "Waybill"`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(command.about.split('\n')[0] ?? '').replace(/\.$/, '')}`,
    '.SH SYNOPSIS',
    ...(isWhole ? [`.B ${roff(name)}\n.I command\n.RI [ options ]`] : [command, ...below].map(synopsis)),
    ...section('DESCRIPTION', [roff(command.about)]),
    ...section(
      'COMMANDS',
      (isWhole ? command.commands : below).map(
        (one) =>
          `.TP\n.B ${roff([...one.path.slice(isWhole ? 1 : 2), one.arguments].join(' ').trim())}\n${roff(one.about)}`,
      ),
    ),
    ...section('OPTIONS', [
      ...[...command.positionals, ...command.options].map(optionEntry),
      ...below.flatMap((one) =>
        one.positionals.length + one.options.length === 0
          ? []
          : [
              `.SS ${roff(one.path.slice(1).join(' '))}`,
              ...[...one.positionals, ...one.options].map(optionEntry),
            ],
      ),
    ]),
    ...section(
      'EXAMPLES',
      [command, ...below].flatMap(({ examples }) =>
        examples.map(({ line, about }) => `.TP\n.B ${roff(line)}\n${roff(about) || '\\&'}`),
      ),
    ),
    ...section(
      'NOTES',
      [command, ...below]
        .filter(({ closing }) => closing !== '')
        .map(({ closing }) => `.nf\n${roff(closing)}\n.fi`),
    ),
    ...section(
      'SEE ALSO',
      beside.length === 0
        ? []
        : [
            beside
              .map(({ path }) => `.BR ${roff(path.join('-'))} (1)`)
              .sort()
              .join(',\n'),
          ],
    ),
  ]
  return `${sections.join('\n')}\n`
}

const nested = ({ commands }: Command): Command[] => commands.flatMap((one) => [one, ...nested(one)])

const section = (title: string, parts: readonly string[]): string[] =>
  parts.length === 0 ? [] : [`.SH ${title}`, ...parts]

const synopsis = ({ path, arguments: words }: Command): string =>
  `.B ${roff(path.join(' '))}\n.RI ${words === '' ? '' : `"${roff(words)} " `}[ options ]\n.br`

function optionEntry({ name, alias, type, about, choices, default: usual }: Option): string {
  const names = [name, ...alias].map((one) => (one.length === 1 ? `-${one}` : `--${one}`))
  const value = type === undefined || type === 'boolean' ? '' : ` ${type.toUpperCase()}`
  const said = [
    about,
    choices.length > 0 ? `One of: ${choices.join(', ')}.` : '',
    isShown(usual) ? `Default: ${String(usual)}.` : '',
  ].filter((text) => text !== '')
  return `.TP\n.B ${roff(names.join(', ') + value)}\n${roff(said.map(ended).join(' ')) || '\\&'}`
}

const ended = (text: string): string => (/[.:!?]$/.test(text) ? text : `${text}.`)
const isShown = (usual: unknown): boolean =>
  (typeof usual === 'string' && usual !== '') || typeof usual === 'number' || usual === true

/** Text that roff leaves as it is: no line of it is an instruction, and each hyphen is one that can be copied. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\(rs')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
    .replace(/^\./gm, '\\&.')
