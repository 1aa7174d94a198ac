import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Agents, Breaks, Presences, Quotas, ReceiveMeter, Receiver, Trail } from '../ingest/index.ts'
import type { Anchors, RunningLog } from '../log/index.ts'
import type { EvidenceWatch } from '../log/verify/index.ts'
import type { Store } from '../store/port.ts'

export interface Metrics {
  readonly meter: ReceiveMeter
  answered(route: string, method: string, status: number, seconds: number): void
  /** The answer to a waybill: `stored`, `again`, or the code of the problem. */
  waybill(answer: string): void
  /** Adds the figures that are computed on request. */
  watch(parts: {
    store: Store
    agents: Agents
    presences: Presences
    receiver: Receiver
    trail: Trail
    breaks: Breaks
    quotas: Quotas
    transparencyLog: Pick<RunningLog, 'status'>
    anchors: Pick<Anchors, 'age' | 'status'>
    evidenceWatch: Pick<EvidenceWatch, 'status'>
    clock: () => number
    /** The number of warnings at the start about access to the indexer. */
    exposures: number
    silentAfter: () => number
  }): void
  render(): Promise<{ type: string; text: string }>
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The figures of one indexer, in a registry of its own: a process may run several. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })

  const waybills = new Counter({
    name: 'waybill_waybills_total',
    help: 'Waybills by answer: stored, again (known before), or the code of the problem.',
    labelNames: ['answer'],
    registers,
  })
  const events = new Counter({
    name: 'waybill_events_total',
    help: 'Events of accepted waybills: stored, duplicate (known before), dead (in the dead letters).',
    labelNames: ['result'],
    registers,
  })
  const bytes = new Counter({
    name: 'waybill_received_bytes_total',
    help: 'Bytes of received waybills, compressed.',
    registers,
  })
  const forks = new Counter({ name: 'waybill_forks_total', help: 'Waybills refused as a fork.', registers })
  const breaks = new Counter({
    name: 'waybill_chain_breaks_total',
    help: 'Waybills that do not match their neighbours in the chain.',
    registers,
  })
  const slowed = new Counter({
    name: 'waybill_agents_slowed_total',
    help: 'Waybills that were delayed because their agents send more than their quota allows.',
    registers,
  })
  const foreign = new Counter({
    name: 'waybill_foreign_events_total',
    help: 'Events that went to the dead letters because they are not in the name of the agent that sent them.',
    registers,
  })
  const collisions = new Counter({
    name: 'waybill_collisions_total',
    help: 'Events with the id of another event and other content.',
    registers,
  })
  const revisions = new Counter({
    name: 'waybill_revisions_total',
    help: 'Events stored as a revision: other content under a known declared key.',
    registers,
  })
  const check = new Histogram({
    name: 'waybill_check_seconds',
    help: 'Time to unpack and check a waybill.',
    buckets: SECONDS,
    registers,
  })
  const write = new Histogram({
    name: 'waybill_write_seconds',
    help: 'Time until the store had written a waybill.',
    buckets: SECONDS,
    registers,
  })
  const requests = new Histogram({
    name: 'waybill_request_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  })
  for (const result of ['stored', 'duplicate', 'dead']) events.inc({ result }, 0)

  return {
    meter: {
      received: (count) => bytes.inc(count),
      checked: (seconds) => check.observe(seconds),
      wrote(seconds, result, again) {
        write.observe(seconds)
        if (again) return
        events.inc({ result: 'stored' }, result.stored)
        events.inc({ result: 'duplicate' }, result.duplicate)
        events.inc({ result: 'dead' }, result.dead)
        collisions.inc(result.collisions ?? 0)
        foreign.inc(result.foreign ?? 0)
        revisions.inc(result.revisions ?? 0)
      },
      forked: () => forks.inc(),
      broke: (chains) => breaks.inc(chains),
      slowed: () => slowed.inc(),
    },
    answered: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    waybill: (answer) => waybills.inc({ answer }),
    watch({
      store,
      agents,
      presences,
      receiver,
      trail,
      breaks,
      quotas,
      transparencyLog,
      anchors,
      evidenceWatch,
      clock,
      exposures,
      silentAfter,
    }) {
      const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
        new Gauge({
          name,
          help,
          registers,
          async collect() {
            this.set(await read())
          },
        })
      }
      gauge('waybill_store_ready', 'Whether the store accepts events: 1 or 0.', async () =>
        (await store.status()).ready ? 1 : 0,
      )
      gauge(
        'waybill_exposures',
        'Warnings of the start: the indexer runs as root, or its data folder is accessible to others. The log has the remedies.',
        () => exposures,
      )
      gauge('waybill_store_events', 'Events in the store.', async () => (await store.status()).events)
      gauge('waybill_store_bytes', 'Bytes that the store uses.', async () => (await store.status()).bytes)
      gauge(
        'waybill_dead_letters',
        'Dead letters that wait for an operator.',
        async () => (await store.status()).deadLetters,
      )
      const active = () => agents.list().filter((agent) => agent.revoked === null)
      gauge('waybill_agents', 'Agents that are enrolled and not revoked.', () => active().length)
      gauge('waybill_agents_silent', 'Enrolled agents that have not reported for agents.silent-after.', () =>
        presences.silent(active(), silentAfter()),
      )
      gauge(
        'waybill_agents_slowed',
        'Agents that are slowed down now because they exceed their quota.',
        () => active().filter(({ id }) => quotas.slowed(id) !== null).length,
      )
      gauge('waybill_chain_breaks', 'Listed breaks in chains of waybills.', () => breaks.count)
      gauge('waybill_in_flight_bytes', 'Bytes of waybills in memory.', () => receiver.inFlight)
      gauge('waybill_log_ready', 'Whether the transparency log goes on: 1 or 0.', () =>
        transparencyLog.status().problem === null ? 1 : 0,
      )
      gauge('waybill_evidence_findings', 'Findings of the background verification.', () => {
        const { findings, more } = evidenceWatch.status()
        return findings.length + more
      })
      gauge(
        'waybill_evidence_age_seconds',
        'Time since the newest day was verified; -1 if it never was.',
        () => {
          const { newest } = evidenceWatch.status()
          return newest === null ? -1 : (clock() - newest.at) / 1000
        },
      )
      gauge(
        'waybill_log_entries',
        'Entries of the transparency log.',
        () => transparencyLog.status().head?.size ?? 0,
      )
      gauge(
        'waybill_log_anchor_age_seconds',
        'Time since a checkpoint of the transparency log reached an anchor, or since the start; 0 without anchors.',
        () => (anchors.age ?? 0) / 1000,
      )
      gauge(
        'waybill_log_anchors_failing',
        'Anchors of the transparency log that failed at the last attempt.',
        () => anchors.status().filter(({ problem }) => problem !== null).length,
      )
      gauge(
        'waybill_trail_waiting',
        "Events of the indexer's own trail that wait for the store.",
        () => trail.waiting,
      )
    },
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  }
}
