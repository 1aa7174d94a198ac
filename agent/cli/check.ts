import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CommandModule } from 'yargs'
import { closest } from '../../config/index.ts'
import {
  codedText,
  codeOf,
  type EventRule,
  OperatorError,
  reasonOf,
  typeMatcher,
} from '../../schema/index.ts'
import { wrongColumns } from '../columns.ts'
import { type AgentConfig, fileInputsOf, readAgentConfig } from '../config.ts'
import { askStatus } from '../control.ts'
import { localRules } from '../event-status.ts'
import { listenText, tryListening } from '../inputs/index.ts'
import type { EventCatalogue } from '../normalise/index.ts'
import { listeningOf, receivedPipelines } from '../receive.ts'
import { loadIdentity, reach } from '../ship/index.ts'
import { accessProblem, rootNotice } from './access.ts'
import { configOption, jsonOption } from './config-option.ts'
import { lookAt } from './first-look.ts'
import { harmless } from './table.ts'

interface CheckArguments {
  config: string
  offline: boolean
  json: boolean
}

interface Finding {
  readonly ok: boolean
  /** Correct, but worth a look. */
  readonly notice?: true
  readonly about: string
  readonly sentence: string
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check',
  describe: 'Check the settings, and show what the agent would read',
  builder: (yargs) =>
    yargs
      .options({
        ...configOption,
        offline: { type: 'boolean', default: false, describe: "Don't contact the indexers" },
        ...jsonOption,
      })
      .example('$0 check --config agent.yml', 'before `run`, or before SIGHUP'),
  handler: async (argv) => {
    const config = await readAgentConfig(argv.config)
    const findings = [
      { ok: true, about: argv.config, sentence: 'the settings are valid' },
      await dataFolder(config),
      ...asRoot(argv.config, config),
      ...(await inputs(argv.config, config)),
      ...(await reception(argv.config, config)),
      ...(await columns(argv.config, config)),
      ...(await events(argv.config, config)),
      ...(argv.offline ? [] : await Promise.all(config.indexers.map((url) => indexer(url, config)))),
    ]
    const wrong = findings.filter((finding) => !finding.ok)
    if (argv.json) process.stdout.write(`${JSON.stringify({ ok: wrong.length === 0, findings })}\n`)
    else {
      for (const { ok, notice, about, sentence } of findings) {
        process.stdout.write(
          `${notice ? 'NOTICE ' : ok ? 'ok     ' : 'WRONG  '} ${harmless(about)}: ${harmless(sentence)}\n`,
        )
      }
    }
    if (wrong.length > 0) process.exitCode = 1
  },
}

async function dataFolder(config: AgentConfig): Promise<Finding> {
  const about = config.agent.data
  try {
    await access(about, constants.W_OK | constants.R_OK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      return (await mayBeMade(about))
        ? { ok: true, about, sentence: 'does not exist yet; the first run makes it' }
        : {
            ok: false,
            about,
            sentence: `does not exist, and this user may not make it: give the user permission to write in ${dirname(about)}, or name another folder`,
          }
    return { ok: false, about, sentence: `this user may not read and write here (${reasonOf(error)})` }
  }
  try {
    const identity = await loadIdentity(about)
    return {
      ok: true,
      about,
      sentence: identity === null ? 'not enrolled yet' : `enrolled as ${identity.agent}`,
    }
  } catch (error) {
    return { ok: false, about, sentence: reasonOf(error) }
  }
}

function asRoot(file: string, { agent: { data } }: AgentConfig): Finding[] {
  const sentence = rootNotice(data, file)
  return sentence === null ? [] : [{ ok: true, notice: true, about: data, sentence }]
}

/** Whether a path can be created in its nearest existing folder. */
async function mayBeMade(path: string): Promise<boolean> {
  const parent = dirname(path)
  try {
    await access(parent, constants.W_OK | constants.X_OK)
    return true
  } catch (error) {
    return codeOf(error) === 'ENOENT' && parent !== path && (await mayBeMade(parent))
  }
}

async function inputs(configFile: string, config: AgentConfig): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const file of fileInputsOf(config)) {
    const about = file.paths.join(', ')
    try {
      const { named, files, closed, wrong, notices } = await lookAt(file, configFile)
      if (files.length > 0)
        findings.push({
          ok: true,
          about,
          sentence: `${filesText(files.length)}, read as ${named.title}: ${some(files)}`,
        })
      for (const one of wrong) findings.push({ ok: false, ...one })
      for (const { about, sentence } of closed)
        findings.push({ ok: false, about, sentence: accessProblem(about) ?? sentence })
      for (const one of notices) findings.push({ ok: true, notice: true, ...one })
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      findings.push({ ok: false, about, sentence: codedText(error) })
    }
  }
  return findings
}

/** Whether the addresses to listen on can be opened; a running agent has them open itself. */
async function reception(configFile: string, config: AgentConfig): Promise<Finding[]> {
  const entries = listeningOf(config)
  if (entries.length === 0) return []
  const about = entries
    .flatMap(({ listens }) => listens)
    .map(listenText)
    .join(', ')
  try {
    await receivedPipelines(configFile, config, 0)
    const running = await askStatus(config.agent.data)
    const open = new Set(running?.reception?.listeners.map(({ listen }) => listen) ?? [])
    await tryListening(entries, (listen) => !open.has(listenText(listen)))
    const sentence = open.size > 0 ? 'open, by the running agent' : 'can be opened'
    return [{ ok: true, about, sentence }]
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return [{ ok: false, about, sentence: codedText(error) }]
  }
}

async function columns(configFile: string, config: AgentConfig): Promise<Finding[]> {
  try {
    return (await wrongColumns(configFile, config)).map((wrong) => ({ ok: false, ...wrong }))
  } catch (error) {
    // An unreadable integration was already reported for its input.
    if (error instanceof OperatorError) return []
    throw error
  }
}

async function events(configFile: string, config: AgentConfig): Promise<Finding[]> {
  try {
    const idle = await idleRules(configFile, config)
    return idle.map(({ line, sentence }) => ({ ok: false, about: `${configFile}:${line}`, sentence }))
  } catch (error) {
    // An unreadable integration was already reported for its input.
    if (error instanceof OperatorError) return []
    throw error
  }
}

const filesText = (count: number): string => (count === 1 ? '1 file' : `${count} files`)

const SHOWN = 5
const some = (files: readonly string[]): string =>
  files.slice(0, SHOWN).join(', ') + (files.length > SHOWN ? ` and ${files.length - SHOWN} more` : '')

async function indexer(url: string, config: AgentConfig): Promise<Finding> {
  try {
    await reach({ url, tls: config.tls, allowPlainHttp: config['allow-plain-http'] })
    return { ok: true, about: url, sentence: 'the indexer answers' }
  } catch (error) {
    return { ok: false, about: url, sentence: reasonOf(error) }
  }
}

/** Returns the problem of a rule of agent.yml; null if the rule has the effect that it describes. */
function problemOf(rule: EventRule, catalogues: readonly EventCatalogue[]): string | null {
  const types = catalogues.flatMap((catalogue) => catalogue.types)
  const meant = types.filter(({ id }) => typeMatcher(rule.event)(id))
  if (meant.length > 0) {
    const always = meant.every(({ mandatory }) => mandatory)
    return always ? `${rule.event} is mandatory: it is always recorded, and this rule has no effect` : null
  }
  // One file may serve many hosts: a rule about a source that is not read here is no mistake.
  if (!catalogues.some(({ integration }) => rule.event.startsWith(`${integration}.`))) return null
  const near = closest(
    rule.event,
    types.map(({ id }) => id),
  )
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`
  return `there is no event type ${rule.event}${hint}; \`waybill-agent status --events\` lists them`
}

/** Returns the rules about events in agent.yml that have no effect, with their lines. */
async function idleRules(
  file: string,
  config: AgentConfig,
): Promise<{ readonly line: number; readonly sentence: string }[]> {
  const { everywhere, inputs } = await localRules(file, config)
  const all = inputs.flatMap(({ catalogues }) => catalogues)
  const judged = [
    ...everywhere.map((local) => ({ local, catalogues: all })),
    ...inputs.flatMap(({ rules, catalogues }) => rules.map((local) => ({ local, catalogues }))),
  ]
  return judged.flatMap(({ local: { rule, line }, catalogues }) => {
    const sentence = problemOf(rule, catalogues)
    return sentence === null ? [] : [{ line, sentence }]
  })
}
