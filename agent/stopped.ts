import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from '../config/version.ts'
import { OperatorError } from '../schema/index.ts'
import type { AgentStatus } from './agent.ts'
import { keptSettings } from './central-settings.ts'
import type { AgentConfig } from './config.ts'
import { inputEvents } from './event-status.ts'
import { createFileInput } from './inputs/index.ts'
import { expectedIn } from './normalise/index.ts'
import { journalFolder } from './receive.ts'
import { accounts, filesOf, shapedInputs, workerSetup } from './runtime.ts'
import { Shapes } from './shapes.ts'
import { accountOf, loadIdentity } from './ship/index.ts'
import { type Log, lockFolder, openState, type State } from './state/index.ts'

/** The exit code if no agent has run on the folder: there is nothing to wait for. */
export const NEVER_RAN = 4

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** The status when no agent runs: from the data folder, and from the files as they are now. */
export async function stoppedStatus(file: string, config: AgentConfig): Promise<AgentStatus> {
  const data = config.agent.data
  const identity = await loadIdentity(data)
  if (identity === null) {
    const kept = journalBytes(data)
    if (kept > 0) {
      throw new OperatorError(
        'WB-AGENT-NOT-RUNNING',
        `The agent of ${data} is not running, and not enrolled yet. Its journal holds ${kept} bytes of received messages, which it ships once it is enrolled: start it with \`waybill-agent run --config ${file}\`.`,
        { exitCode: NEVER_RAN },
      )
    }
    throw new OperatorError(
      'WB-AGENT-NOT-RUNNING',
      `No agent has run on ${data} yet: start one with \`waybill-agent run --config ${file}\`.`,
      { exitCode: NEVER_RAN },
    )
  }
  const lock = await lockFolder(data)
  const central = await keptSettings(data)
  try {
    const state = await openState(join(data, 'state'), { log: SILENT })
    try {
      const account = await accountOf(data, state, SILENT)
      const setup = await workerSetup(file, config, identity, central)
      const shapes = new Shapes(
        shapedInputs(config, { setup, expected: await expectedIn(setup) }),
        state,
        null,
      )
      const input = createFileInput(
        {
          files: filesOf(config, setup.pipelines).map((one) => ({
            ...one,
            watch: false,
          })),
        },
        {
          state: unwritten(state),
          sealed: account.sealed,
          holdDir: join(data, 'hold'),
          clock: Date.now,
          random: randomBytes,
          log: SILENT,
        },
      )
      await input.start()
      const sources = input.status()
      await input.close()
      return {
        enrolled: true,
        name: config.agent.name,
        id: identity.agent,
        version: VERSION,
        pid: 0,
        started: 0,
        configFile: file,
        reloaded: null,
        problem: null,
        settings: { version: central?.version ?? null, problem: null },
        events: await inputEvents(file, config, central),
        unparsed: 0,
        shipping: account.status,
        reception: null,
        notices: shapes.notices,
        ...accounts(sources, account.ledgers),
      }
    } finally {
      await state.close()
    }
  } finally {
    await lock.release()
  }
}

function journalBytes(data: string): number {
  const folder = journalFolder(data)
  if (!existsSync(folder)) return 0
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** A state that discards writes: looking changes nothing, and the agent itself records what the inputs note. */
function unwritten(state: State): State {
  return {
    get: (key) => state.get(key),
    entries: (prefix) => state.entries(prefix),
    write: async () => {},
    close: async () => {},
  }
}
