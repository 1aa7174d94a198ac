import type { CommandModule } from 'yargs'
import { bytesText, openSupervisor } from '../../config/index.ts'
import type { Ledger } from '../../schema/wire/index.ts'
import { Agent } from '../agent.ts'
import { NOT_REACHABLE } from '../begin.ts'
import { readAgentConfig } from '../config.ts'
import { serveControl } from '../control.ts'
import { createLog } from '../log.ts'
import { configOption } from './config-option.ts'
import { wrongInputs } from './first-look.ts'

interface RunArguments {
  config: string
  once: boolean
  patience: number
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run',
  describe: 'Read, seal and ship, until it is stopped',
  builder: (yargs) =>
    yargs
      .options({
        ...configOption,
        once: {
          type: 'boolean',
          default: false,
          describe: 'Ship what is there now, and exit with 0 only if all of it is acknowledged',
        },
        patience: {
          type: 'number',
          default: 60,
          describe: 'With --once: give up after this number of seconds without an acknowledgement',
        },
      })
      .example('$0 run --config agent.yml', 'for a service')
      .example('$0 run --config agent.yml --once', 'for a cron job, or a trial'),
  handler: async (argv) => {
    const config = await readAgentConfig(argv.config)
    // A terminal that shows progress needs no messages about success.
    const quiet = argv.once && process.stderr.isTTY && config.log.level === 'info'
    const log = createLog(quiet ? 'warn' : config.log.level)
    const stop = new AbortController()
    const onSignal = (): void => stop.abort()
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)

    const hangUps = new HangUps()
    if (!argv.once) process.on('SIGHUP', () => hangUps.note())

    for (const sentence of await wrongInputs(argv.config, config)) log.warn(sentence)
    let opened: Agent | null = null
    const supervisor = openSupervisor({
      environment: process.env,
      isAlive: () => isMoving(opened?.busySince ?? null, performance.now()),
      warn: (sentence) => log.warn(sentence),
    })
    // The settings are valid. The first enrolment may take as long as an indexer is away.
    supervisor.ready()
    const agent = await Agent.open(argv.config, config, log, { patience: argv.once ? null : stop.signal })
    opened = agent
    const control = await serveControl(agent, config.agent.data, log)
    try {
      const metrics = config.metrics === undefined ? null : await metricsOf(agent, config.metrics.listen)
      try {
        process.exitCode = argv.once
          ? await once(agent, stop, argv.patience * 1000)
          : await forever(agent, stop.signal, hangUps)
      } finally {
        await metrics?.close()
      }
    } finally {
      supervisor.stopping()
      await control.close()
      const { spooledBatches } = await agent.close()
      log.info(stoppedText(spooledBatches))
    }
  },
}

/** A step of the loop is a batch of at most 1 MiB: none takes a minute. */
const STUCK_MS = 60_000

/** Whether the loop waits or makes progress, so that the service manager need not restart the agent. */
export const isMoving = (busySince: number | null, now: number): boolean =>
  busySince === null || now - busySince < STUCK_MS

const stoppedText = (batches: number): string =>
  batches === 0
    ? 'Stopped. The indexer has acknowledged all batches.'
    : `Stopped. ${batches === 1 ? 'A batch that is' : `${batches} batches that are`} not acknowledged yet ${batches === 1 ? 'waits' : 'wait'} in the spool.`

/** Loaded on demand: an agent without metrics does not load the registry and its dependencies. */
async function metricsOf(agent: Agent, listen: string): Promise<{ close(): Promise<void> }> {
  const { serveMetrics } = await import('../metrics.ts')
  return await serveMetrics(agent, listen)
}

/**
 * A hang-up must never end the agent. One that arrives while the agent opens takes effect when it reads: its config file may have changed
 * since it was read.
 */
export class HangUps {
  #isNoted = false
  #reload = (): void => {
    this.#isNoted = true
  }

  note(): void {
    this.#reload()
  }

  /** Reloads on each signal until `stopped`, and waits for a reload that is then under way. */
  async reload(agent: Pick<Agent, 'reload'>, stopped: Promise<void>): Promise<void> {
    let reloading: Promise<void> = Promise.resolve()
    this.#reload = () => {
      reloading = reloading.then(() => agent.reload())
    }
    if (this.#isNoted) this.#reload()
    await stopped
    this.#reload = () => undefined
    await reloading
  }
}

async function forever(agent: Agent, signal: AbortSignal, hangUps: HangUps): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await hangUps.reload(agent, Promise.race([agent.run(), stopped]))
  return 0
}

async function once(agent: Agent, stop: AbortController, patience: number): Promise<number> {
  const before = agent.status().total
  const progress = showProgress(agent)
  const watch = giveUpAfter(agent, stop, patience)
  try {
    const done = await agent.runOnce(stop.signal)
    progress.end()
    const { total, shipping, sources } = agent.status()
    const now = since(before, total)
    const left = sources.reduce((sum, source) => sum + source.unfinished, 0)
    const blocked = sources.filter((source) => source.state === 'blocked')
    process.stdout.write(
      `This run: ${now.read} records read from ${sources.length} files: ${partsOf(now)}.\n` +
        `Since the first run of this agent: ${total.read} records read: ${partsOf(total)}.\n`,
    )
    if (left > 0) process.stdout.write(`${left} bytes wait: last lines without a line end.\n`)
    for (const source of blocked) process.stderr.write(`${source.path}: ${source.problem}\n`)
    if (!done) {
      const why = shipping.problem ?? 'stopped by a signal'
      process.stderr.write(
        `Not all is acknowledged (${shipping.spooledBatches} batches wait in the spool): ${why}\n`,
      )
      return shipping.problem === null ? 1 : NOT_REACHABLE
    }
    return total.quarantined > 0 || blocked.length > 0 ? 1 : 0
  } finally {
    clearInterval(watch)
    progress.end()
  }
}

const partsOf = ({ stored, duplicate, filtered, errors, dead, quarantined }: Ledger): string =>
  [
    `${stored} stored`,
    `${duplicate} duplicates`,
    ...(filtered > 0 ? [`${filtered} filtered`] : []),
    ...(errors > 0 ? [`${errors} not understood (stored unparsed)`] : []),
    ...(dead > 0 ? [`${dead} in the dead letters`] : []),
    ...(quarantined > 0 ? [`${quarantined} in quarantine`] : []),
  ].join(', ')

/** Returns the counts of this run. Records that an earlier run left in the spool count as read by this one, which settles them. */
export function since(before: Ledger, after: Ledger): Ledger {
  const grown = (name: keyof Ledger): number => Math.max(0, after[name] - before[name])
  return {
    read: after.read - before.read + before.pending,
    stored: grown('stored'),
    duplicate: grown('duplicate'),
    filtered: grown('filtered'),
    dead: grown('dead'),
    quarantined: grown('quarantined'),
    discarded: grown('discarded'),
    pending: after.pending,
    skipped: grown('skipped'),
    truncated: grown('truncated'),
    errors: grown('errors'),
    dropped: grown('dropped'),
  }
}

const LOOK_MS = 250

/** Ends the run if the indexer acknowledges nothing for this time: nobody watches a cron job. */
function giveUpAfter(agent: Agent, stop: AbortController, patience: number): NodeJS.Timeout {
  let moved = performance.now()
  let acknowledged = -1
  return setInterval(() => {
    const { shipping } = agent.status()
    if (shipping.acknowledged !== acknowledged || shipping.problem === null) {
      acknowledged = shipping.acknowledged
      moved = performance.now()
    } else if (performance.now() - moved > patience) stop.abort()
  }, LOOK_MS)
}

const EVERY_MS = 200
const BAR = 30

/** A progress bar on a terminal; nothing elsewhere. */
function showProgress(agent: Agent): { end(): void } {
  if (!process.stderr.isTTY) return { end() {} }
  const began = Date.now()
  const draw = (): void => {
    const { sources, shipping, total } = agent.status()
    const size = sources.reduce((sum, source) => sum + source.size - source.unfinished, 0)
    const settled = sources.reduce((sum, source) => sum + source.position, 0)
    const share = size === 0 ? 1 : Math.min(1, settled / size)
    const full = Math.round(share * BAR)
    const seconds = Math.max(1, (Date.now() - began) / 1000)
    const line =
      `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor(share * 100)} %  ` +
      `${bytesText(settled)} of ${bytesText(size)}  ${Math.round((total.stored + total.duplicate) / seconds)} events/s` +
      (shipping.problem === null ? '' : `  ${shipping.problem}`)
    process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 100) - 1)}`)
  }
  const timer = setInterval(draw, EVERY_MS)
  let ended = false
  return {
    end() {
      if (ended) return
      ended = true
      clearInterval(timer)
      draw()
      process.stderr.write('\n')
    },
  }
}
