import type { Argv } from 'yargs'
import { bytesText } from '../../config/index.ts'
import { type AgentShape, agentsCaShape, agentsShape, mintedTokenShape } from '../../schema/api/index.ts'
import { OperatorError } from '../../schema/index.ts'
import { settingsNumber } from '../../schema/wire/index.ts'
import { timeText } from '../query/index.ts'
import { AnswerError, understood } from './client.ts'
import { type ConnectionGiven, connect, jsonOption, withConnection } from './connection.ts'
import { EXIT, jsonLines, UsageError, writeLines } from './output.ts'
import { spanText, table } from './table.ts'
import { harmless, paintFor, terminalWidth } from './terminal.ts'
import { closing } from './usage.ts'

export function commands(cli: Argv) {
  return withConnection(cli)
    .option('json', jsonOption)
    .command(
      ['list', '$0'],
      'Show last contact, backlog, ledger, and missing waybills',
      (list) => list,
      (given) => list(given),
    )
    .command(
      'token',
      'Make an enrolment token',
      (token) =>
        token
          .option('ttl', {
            type: 'string',
            default: '1h',
            requiresArg: true,
            describe: 'How long it is valid: 30m, 1h, 7d',
          })
          .option('uses', {
            type: 'number',
            default: 1,
            requiresArg: true,
            describe: 'How many agents may use it',
          })
          .option('hosts', {
            type: 'string',
            requiresArg: true,
            describe:
              'Hosts, separated by commas, that the agents may run on and name in events; * matches any characters',
          })
          .example('$0 agents token --ttl 15m', 'For one agent, within 15 minutes'),
      (given) => token(given),
    )
    .command(
      'hosts <id> [names..]',
      'Allow the events of an agent to name other hosts besides its own',
      (hosts) =>
        hosts
          .positional('id', { type: 'string', demandOption: true, describe: 'As `waybill agents` shows it' })
          .positional('names', {
            type: 'string',
            array: true,
            default: [] as string[],
            describe:
              'Names to allow, in place of the previous ones; * matches any characters. Without names: only its own host',
          })
          .example(
            "$0 agents hosts a-0123456789abcdef db-1 'web-*.example'",
            'Allow an agent whose integration writes these names',
          ),
      (given) => hosts(given),
    )
    .command(
      'revoke <id>',
      'Revoke the agent: refuse everything that it sends from now on',
      (revoke) =>
        revoke.positional('id', {
          type: 'string',
          demandOption: true,
          describe: 'As `waybill agents` shows it',
        }),
      (given) => revoke(given),
    )
    .command(
      'ca [act]',
      "Show, create or renew the authority for agents' certificates",
      (ca) =>
        ca
          .positional('act', {
            choices: ['show', 'create', 'renew'] as const,
            default: 'show' as const,
            describe: 'renew makes a new one; certificates of the old one stay valid until they expire',
          })
          .option('pem', { type: 'boolean', default: false, describe: 'Print its certificate, in PEM' }),
      (given) => ca(given),
    )
    .epilogue(
      closing(
        [
          [
            "waybill agents --json | jq 'select(.lagBytes > 1e9) | .name'",
            'Agents with a backlog of more than a gigabyte',
          ],
        ],
        'Exit codes: 0 done; 1 failed or refused; 2 wrong command line; 3 the indexer is not reachable; 4 there is no such agent, or no authority.',
      ),
    )
}

interface Given extends ConnectionGiven {
  readonly json: boolean
}

async function list(given: Given): Promise<void> {
  const { agents } = understood(agentsShape, await connect(given).json('/v1/agents'))
  if (given.json) return writeLines(jsonLines(agents))
  if (agents.length === 0) {
    process.stderr.write('No agent is enrolled yet; `waybill agents token` makes an enrolment token.\n')
    return
  }
  const now = Date.now()
  const head = [
    'AGENT',
    'NAME',
    'HOST',
    'VERSION',
    'SEEN',
    'LAG',
    'READ',
    'STORED',
    'DUPLICATE',
    'DEAD',
    'QUARANTINED',
    'PENDING',
    'MISSING',
    'SETTINGS',
  ]
  const lines = table(
    head,
    agents.map((agent) => rowOf(agent, now)),
    terminalWidth(),
    paintFor(process.stdout),
  )
  for (const agent of agents) {
    for (const notice of agent.notices) lines.push(harmless(`${agent.name} (${agent.id}): ${notice}`))
    if (agent.slowed !== null)
      lines.push(
        harmless(
          `${agent.name} (${agent.id}): slowed down since ${timeText(agent.slowed.since)}, because it sends more ${agent.slowed.why} than its quota allows (agents.quota in indexer.yml)`,
        ),
      )
    for (const { reason } of agent.breaks)
      lines.push(harmless(`${agent.name} (${agent.id}): its chain is broken: ${reason}`))
    if (agent.hosts === null && agent.revoked === false)
      lines.push(
        harmless(
          `${agent.name} (${agent.id}): its events may name any host, since an earlier version enrolled it; limit them with waybill agents hosts ${agent.id}`,
        ),
      )
    for (const { incarnation, gaps } of agent.chains) {
      if (gaps.length === 0) continue
      const runs = gaps.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ')
      lines.push(
        harmless(
          `${agent.name} (${agent.id}): waybills ${runs} of incarnation ${incarnation} have not arrived`,
        ),
      )
    }
  }
  await writeLines(lines)
}

function rowOf(agent: AgentShape, now: number): string[] {
  const { ledger } = agent
  const missing = agent.chains
    .flatMap((chain) => chain.gaps)
    .reduce((sum, gap) => sum + gap.to - gap.from + 1, 0)
  const seen = agent.lastSeen === null ? 'never' : `${spanText(now - agent.lastSeen)} ago`
  const counts =
    ledger === null
      ? ['', '', '', '', '', '']
      : [ledger.read, ledger.stored, ledger.duplicate, ledger.dead, ledger.quarantined, ledger.pending].map(
          String,
        )
  return [
    agent.id,
    agent.name,
    agent.host,
    agent.version,
    agent.revoked === null || agent.revoked === false ? seen : 'revoked',
    agent.lagBytes === null ? '' : bytesText(agent.lagBytes),
    ...counts,
    missing === 0 ? '' : String(missing),
    agent.settings === null ? '' : settingsNumber(agent.settings),
  ]
}

async function token(
  given: Given & {
    readonly ttl: string
    readonly uses: number
    readonly hosts: string | undefined
  },
): Promise<void> {
  const { duration } = await import('../../config/index.ts')
  const ttl = duration({ min: 1000, max: 365 * 86_400_000 }).safeParse(given.ttl)
  if (!ttl.success)
    throw new UsageError(`--ttl: ${ttl.error.issues[0]?.message ?? 'expected a time such as 1h'}`)
  if (!(Number.isSafeInteger(given.uses) && given.uses > 0))
    throw new UsageError('--uses takes a whole number from 1')
  const client = connect(given)
  const answer = understood(
    mintedTokenShape,
    await client.json('/v1/agents/tokens', {
      method: 'POST',
      body: {
        ttlSeconds: Math.ceil(ttl.data / 1000),
        uses: given.uses,
        ...(given.hosts !== undefined && { hosts: given.hosts.split(',') }),
      },
    }),
  )
  if (given.json) return writeLines(jsonLines([answer]))
  const until = timeText(answer.expires)
  process.stderr.write(
    `For ${answer.uses === 1 ? 'one agent' : `${answer.uses} agents`}, until ${until}: waybill-agent enroll URL --token TOKEN\n`,
  )
  await writeLines([harmless(answer.token)])
}

async function hosts(
  given: Given & { readonly id: string; readonly names: readonly string[] },
): Promise<void> {
  const { id } = given
  const names = given.names.flatMap((name) => name.split(','))
  await known(id, () =>
    connect(given).json(`/v1/agents/${encodeURIComponent(id)}/hosts`, {
      method: 'PUT',
      body: { hosts: names },
    }),
  )
  const allowed = names.length === 0 ? '' : ` and ${names.join(', ')}`
  await writeLines(
    given.json
      ? jsonLines([{ id, hosts: names }])
      : [harmless(`The events of agent ${id} may name its own host${allowed}.`)],
  )
}

async function revoke(given: Given & { readonly id: string }): Promise<void> {
  const { id } = given
  await known(id, () =>
    connect(given).json(`/v1/agents/${encodeURIComponent(id)}/revoke`, { method: 'POST', body: {} }),
  )
  await writeLines(
    given.json
      ? jsonLines([{ id, revoked: true }])
      : [`Agent ${harmless(id)} is revoked: the indexer accepts nothing more from it.`],
  )
}

/** Asks about an agent; reports if there is none of this id. */
async function known(id: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask()
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    throw new OperatorError(
      'WB-NOT-FOUND',
      `There is no agent ${harmless(id)}; \`waybill agents\` lists them`,
      {
        exitCode: EXIT.notFound,
        cause: error,
      },
    )
  }
}

async function ca(
  given: Given & { readonly act: 'show' | 'create' | 'renew'; readonly pem: boolean },
): Promise<void> {
  const path = given.act === 'renew' ? '/v1/agents/ca/renew' : '/v1/agents/ca'
  const answer = understood(
    agentsCaShape,
    await connect(given).json(path, given.act === 'show' ? {} : { method: 'POST', body: {} }),
  )
  if (given.json) return writeLines(jsonLines([answer]))
  if (given.pem)
    return writeLines(
      answer.certificate
        .trimEnd()
        .split('\n')
        .map((line) => harmless(line)),
    )
  await writeLines([
    `Authority for agents, valid until ${timeText(answer.until)}`,
    `SHA-256 ${harmless(answer.fingerprint)}`,
  ])
  if (!answer.asked)
    process.stderr.write(
      'The indexer does not ask agents for certificates yet: set listen: https://... and restart it.\n',
    )
}
