import { UsageError } from './output.ts'

/** A test holds it to the commands that there are. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  search: [],
  count: [],
  export: [],
  reports: ['list', 'check', 'verify', 'run', 'jobs', 'download', 'cancel', 'remove', 'schedule'],
  show: [],
  agents: ['list', 'token', 'hosts', 'ca', 'revoke'],
  'dead-letters': ['list', 'show', 'replay', 'discard'],
  events: ['list', 'on', 'off', 'default'],
  login: [],
  logout: [],
  users: ['list', 'add', 'role', 'limits', 'email', 'lock', 'unlock', 'reset', 'remove'],
  tokens: ['list', 'create', 'revoke'],
  status: [],
  storage: [],
  size: [],
  move: [],
  verify: ['policy'],
  rules: ['list', 'new', 'import', 'check', 'test', 'backtest', 'enable', 'disable', 'explain'],
  log: ['status', 'proof', 'checkpoint', 'rotate'],
  proof: [],
  archive: ['list', 'run', 'verify', 'search', 'restore', 'restores', 'unrestore', 'export', 'rotate-key'],
  hold: ['list', 'add', 'end'],
  alerts: ['list', 'show', 'evidence', 'ack', 'assign', 'resolve', 'reopen', 'snooze', 'note', 'outbox'],
  cases: ['list', 'show', 'add', 'pin', 'export'],
  people: ['list', 'show', 'join', 'part', 'decisions', 'undo'],
  channels: ['list', 'test'],
  silences: ['list', 'add', 'end'],
  setup: [],
  up: [],
  indexer: [],
  completion: [],
}

/** Turns yargs's message about a wrong command line into one sentence that names the remedy. */
export async function usageError(
  said: string,
  argv: readonly string[],
  helpOf: (command: readonly string[]) => Promise<string>,
): Promise<UsageError> {
  const [command = ''] = argv
  const below = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  const help = below === undefined ? 'waybill --help' : `waybill ${command} --help`
  return new UsageError(`${await sentence(said, argv, below, helpOf)} (see ${help})`)
}

async function sentence(
  said: string,
  argv: readonly string[],
  below: readonly string[] | undefined,
  helpOf: (command: readonly string[]) => Promise<string>,
): Promise<string> {
  const [command = '', word] = argv
  if (below === undefined && command !== '' && !command.startsWith('-'))
    return noCommand(command, Object.keys(COMMANDS))
  const choice = /Argument: (\S+), Given: (.+), Choices: (.+)/.exec(said)
  if (choice !== null) return `--${choice[1]} is ${choice[2]}, expected one of ${choice[3]}`
  const unknown = /^Unknown arguments?: (.+)/.exec(said)?.[1]
  if (unknown !== undefined) {
    if (below !== undefined && below.length > 0 && word !== undefined && word === unknown.split(', ')[0])
      return noCommand(word, below, `${command} `)
    const { noOption } = await import('../../config/index.ts')
    const path = below?.includes(word ?? '') ? [command, word ?? ''] : [command]
    return noOption(unknown.split(', '), await helpOf(path))
  }
  const needsValue = /^Not enough arguments following: (\S+)/.exec(said)?.[1]
  if (needsValue !== undefined) {
    const behind = argv[argv.indexOf(`--${needsValue}`) + 1]
    const written = behind?.startsWith('-')
      ? `; if ${behind} is the value, write --${needsValue}=${behind}`
      : ''
    return `--${needsValue} needs a value${written}`
  }
  const missing = /^Missing required arguments?: (.+)/.exec(said)?.[1]
  if (missing !== undefined) return `--${missing.replaceAll(', ', ', --')} is missing`
  if (said.startsWith('Not enough non-option arguments')) {
    const path = below?.includes(word ?? '') ? `${command} ${word}` : command
    return `"waybill ${path}" needs more arguments`
  }
  return said.trim().replace(/\s*\n+\s*/g, '; ')
}

async function noCommand(word: string, known: readonly string[], before = ''): Promise<string> {
  const { closest } = await import('../../config/index.ts')
  const near = closest(word, known)
  const remedy = near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`
  return `There is no command "${before}${word}"${remedy}`
}

/** The end of a command's help: complete examples, and the exit codes. */
export function closing(examples: readonly (readonly [string, string])[], rest: string): string {
  const lines = examples.map(([line, about]) => `  # ${about}\n  ${line}`)
  return `Examples:\n${lines.join('\n')}\n\n${rest}`
}
