import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { CommandModule } from 'yargs'
import {
  giveToService,
  hasService,
  isAgreed,
  quoted,
  systemctl,
  writeSettings,
} from '../../config/service.ts'
import { VERSION } from '../../config/version.ts'
import { OperatorError } from '../../schema/index.ts'
import { Agent, type AgentStatus } from '../agent.ts'
import { readAgentConfig } from '../config.ts'
import { askStatus } from '../control.ts'
import { createLog } from '../log.ts'
import { enroll, loadIdentity, reach } from '../ship/index.ts'
import { jsonOption } from './config-option.ts'
import { type Found, knownOn, namedFile } from './known-sources.ts'
import { harmless, table } from './table.ts'

interface SetupArguments {
  indexer: string | undefined
  token: string | undefined
  config: string
  data: string | undefined
  name: string | undefined
  ca: string | undefined
  file: string[]
  root: string
  'allow-plain-http': boolean
  'dry-run': boolean
  yes: boolean
  within: number
  json: boolean
}

const SERVICE = 'waybill-agent.service'
const SYSTEM_CONFIG = '/etc/waybill/agent.yml'
const SYSTEM_DATA = '/var/lib/waybill-agent'

export const setupCommand: CommandModule<object, SetupArguments> = {
  command: 'setup',
  describe: 'Set up the agent of this host: find what there is to read, write agent.yml, enroll, and start',
  builder: (yargs) =>
    yargs
      .options({
        indexer: {
          type: 'string',
          requiresArg: true,
          describe: 'The indexer, such as https://indexer:8600 [default: WAYBILL_INDEXER]',
        },
        token: {
          type: 'string',
          requiresArg: true,
          describe:
            'Enrolment token from `waybill agents token`. Prefer WAYBILL_TOKEN: other users can see arguments',
        },
        config: {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          default: process.getuid?.() === 0 ? SYSTEM_CONFIG : 'agent.yml',
          describe: 'The settings to write; settings that are there stay as they are',
        },
        data: {
          type: 'string',
          requiresArg: true,
          describe: `The data folder [default: ${SYSTEM_DATA} for root, else data/agent]`,
        },
        name: { type: 'string', requiresArg: true, describe: 'The name of this agent [default: the host’s]' },
        ca: {
          type: 'string',
          requiresArg: true,
          describe: 'The PEM file of the authority that issued the indexer’s certificate, if it is your own',
        },
        file: {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'Also read this file or glob; may be repeated',
        },
        root: {
          type: 'string',
          requiresArg: true,
          default: '/',
          describe: 'Look for known files below this folder, such as the host’s files in a container',
        },
        'allow-plain-http': {
          type: 'boolean',
          default: false,
          describe: 'Allow an indexer without TLS on another host',
        },
        'dry-run': { type: 'boolean', default: false, describe: 'Only show what it would do' },
        yes: { type: 'boolean', alias: 'y', default: false, describe: 'Do it without asking' },
        within: {
          type: 'number',
          default: 60,
          describe: 'Give up after this number of seconds without an acknowledged batch',
        },
        ...jsonOption,
      })
      .example('WAYBILL_TOKEN=... $0 setup --indexer https://indexer:8600', 'asks before it changes anything')
      .example('$0 setup --dry-run', 'shows what this host has to read')
      .example('$0 setup --indexer https://indexer:8600 --yes --json', 'for cloud-init and Ansible'),
  handler: async (given) => setup(given),
}

interface Plan {
  readonly config: string
  readonly data: string
  readonly name: string
  readonly indexer: string | null
  readonly inputs: readonly Found[]
  /** The settings to write; null: the file is there, and stays. */
  readonly text: string | null
}

async function setup(given: SetupArguments): Promise<void> {
  const say = (line: string): void => {
    if (!given.json) process.stdout.write(`${line}\n`)
  }
  const plan = await planOf(given)
  if (plan.text === null) say(`${plan.config} is there, and stays as it is.`)
  else {
    say(foundText(plan.inputs))
    say(`\n${plan.config}:\n\n${plan.text.replace(/^/gm, '  ').trimEnd()}\n`)
  }
  if (given['dry-run']) {
    if (given.json) process.stdout.write(`${JSON.stringify({ done: false, ...shownPlan(plan) })}\n`)
    else process.stderr.write('Nothing was changed.\n')
    return
  }
  if (plan.text !== null && plan.inputs.length === 0)
    throw new OperatorError(
      'WB-FILE-MISSING',
      'This host has none of the files that Waybill knows: name one with --file PATH, or write agent.yml yourself (docs/operations.md).',
    )
  if (plan.text !== null && plan.indexer === null)
    throw new OperatorError('WB-USAGE', 'Name the indexer with --indexer URL, or in WAYBILL_INDEXER.', {
      exitCode: 2,
    })
  if (!given.yes && !(await isAgreed('Write the settings, enroll and start?'))) return
  if (plan.text !== null) await writeSettings(plan.config, plan.text)
  await enrollOnce(given, plan)
  const service = await hasService(SERVICE)
  if (service) await giveToService(SERVICE, { settings: plan.config, owned: [plan.data] })
  const status = service ? await byService(plan, given.within, say) : await here(plan, given.within)
  const address = `${status.indexer}/events?${new URLSearchParams({ q: `agent.name: ${JSON.stringify(plan.name)}` })}`
  if (given.json) {
    process.stdout.write(
      `${JSON.stringify({ done: true, ...shownPlan(plan), agent: status.agent, stored: status.stored, service, address })}\n`,
    )
    return
  }
  say(
    status.stored === 0
      ? 'The agent is enrolled. Its files have no complete record yet: the first one will be shipped as soon as it is there.'
      : `The indexer has acknowledged ${status.stored === 1 ? 'the first record' : `the first ${status.stored} records`}.`,
  )
  say(`Look at ${address}`)
  if (!service)
    say(
      `The agent is stopped again, since this host has no service ${SERVICE}. Start it with: waybill-agent run --config ${plan.config}`,
    )
}

const shownPlan = ({ config, data, name, inputs }: Plan) => ({
  config,
  data,
  name,
  inputs: inputs.map(({ what, paths, integration, records, closed }) => ({
    ...{ what, paths, integration, records, closed },
  })),
})

async function planOf(given: SetupArguments): Promise<Plan> {
  const config = resolve(given.config)
  const indexer = given.indexer ?? process.env.WAYBILL_INDEXER ?? null
  if (existsSync(config)) {
    const { agent, indexers } = await readAgentConfig(config, { withoutSecrets: true })
    return {
      ...{ config, data: agent.data, name: agent.name, inputs: [], text: null },
      indexer: indexer ?? indexers[0] ?? null,
    }
  }
  const data = resolve(given.data ?? (process.getuid?.() === 0 ? SYSTEM_DATA : 'data/agent'))
  const name = given.name ?? hostname()
  const inputs = [
    ...(await knownOn(resolve(given.root))),
    ...(await Promise.all(given.file.map((file) => namedFile(resolve(file))))),
  ]
  return { config, data, name, indexer, inputs, text: settingsText(given, { data, name, indexer, inputs }) }
}

function settingsText(
  given: SetupArguments,
  { data, name, indexer, inputs }: Pick<Plan, 'data' | 'name' | 'indexer' | 'inputs'>,
): string {
  const lines = [
    '# Written by waybill-agent setup. config/agent.yml of Waybill lists all settings.',
    `agent: { name: ${quoted(name)}, data: ${quoted(data)} }`,
    `indexers: [${quoted(indexer ?? 'https://indexer.example:8600')}]`,
    ...(given['allow-plain-http'] ? ['allow-plain-http: true'] : []),
    ...(given.ca === undefined ? [] : [`tls: { ca: ${quoted(resolve(given.ca))} }`]),
    'inputs:',
    ...inputs.flatMap(({ what, paths, integration, closed }) => [
      `  # ${what.charAt(0).toUpperCase()}${what.slice(1)}${closed === null ? '' : ' (not readable yet)'}`,
      `  - file: { paths: [${paths.map((path) => JSON.stringify(path)).join(', ')}], integration: ${integration} }`,
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function foundText(inputs: readonly Found[]): string {
  if (inputs.length === 0) return 'This host has none of the files that Waybill knows.'
  const rows = inputs.map(({ what, paths, integration, records }) => [
    what,
    integration,
    records === null ? 'not readable' : records.toLocaleString('en'),
    harmless(paths.join(', ')),
  ])
  const closed = inputs.flatMap(({ paths, closed }) =>
    closed === null ? [] : [`\n${harmless(paths[0] ?? '')}: ${closed}.`],
  )
  return `${table(['FOUND', 'READ AS', 'RECORDS, ABOUT', 'FILES'], rows).trimEnd()}${closed.join('')}`
}

async function enrollOnce(given: SetupArguments, { config, data, name, indexer }: Plan): Promise<void> {
  const settings = await readAgentConfig(config, { withoutSecrets: true })
  const reaching = { tls: settings.tls, allowPlainHttp: settings['allow-plain-http'] }
  if ((await loadIdentity(data)) !== null) return
  const url = indexer ?? settings.indexers[0]!
  await reach({ url, ...reaching })
  await enroll({
    url,
    token: given.token ?? process.env.WAYBILL_TOKEN,
    dir: data,
    name,
    host: settings.agent.host ?? hostname(),
    version: VERSION,
    ...reaching,
  })
}

interface First {
  readonly agent: string
  readonly indexer: string
  readonly stored: number
}

async function byService(plan: Plan, within: number, say: (line: string) => void): Promise<First> {
  say(`Starting ${SERVICE} ...`)
  await systemctl('enable', '--now', SERVICE)
  return untilFirst(plan, within, async () => {
    const status = await askStatus(plan.data)
    return status?.enrolled === true ? status : null
  })
}

/** Runs the agent in this process until the first batch is acknowledged. */
async function here(plan: Plan, within: number): Promise<First> {
  const config = await readAgentConfig(plan.config)
  const agent = await Agent.open(plan.config, config, createLog('error'), { patience: null })
  try {
    const ended = agent.run()
    ended.catch(() => undefined)
    return await untilFirst(plan, within, async () => agent.status())
  } finally {
    await agent.close()
  }
}

const LOOK_MS = 200
/** A file without a complete record is looked at for this long before it counts as empty. */
const QUIET_MS = 3000

async function untilFirst(
  { config, indexer }: Plan,
  within: number,
  look: () => Promise<AgentStatus | null>,
): Promise<First> {
  const began = performance.now()
  let status: AgentStatus | null = null
  for (;;) {
    status = await look()
    const waited = performance.now() - began
    if (status !== null) {
      const { total, shipping, id } = status
      const stored = total.stored + total.duplicate
      const first = { agent: id, indexer: indexer ?? '', stored }
      if (stored > 0) return first
      if (waited > QUIET_MS && total.read === 0 && shipping.problem === null) return first
    }
    if (waited > within * 1000) break
    await setTimeout(LOOK_MS)
  }
  const why =
    status === null
      ? 'the agent does not answer'
      : (status.shipping.problem ?? status.problem ?? 'nothing was acknowledged')
  throw new OperatorError(
    'WB-INDEXER-UNREACHABLE',
    `No batch was acknowledged within ${within} s: ${why}. The settings and the enrolment stay: correct it, and see waybill-agent status --config ${config}.`,
    { exitCode: 3 },
  )
}
