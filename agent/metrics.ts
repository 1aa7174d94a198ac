import { createServer } from 'node:http'
import { Gauge, Registry } from 'prom-client'
import { codeOf, OperatorError, reasonOf } from '../schema/index.ts'
import type { Agent, AgentStatus } from './agent.ts'

/** Each figure is read from the status on request: there is one ledger, and this is a view of it. */
const FIGURES: readonly { name: string; help: string; value: (status: AgentStatus) => number }[] = [
  { name: 'waybill_agent_up', help: 'The agent runs.', value: () => 1 },
  { name: 'waybill_agent_sources', help: 'Files that the agent follows.', value: (s) => s.sources.length },
  {
    name: 'waybill_agent_sources_blocked',
    help: 'Files that exist and cannot be read.',
    value: (s) => s.sources.filter((source) => source.state === 'blocked').length,
  },
  {
    name: 'waybill_agent_lag_bytes',
    help: 'Bytes of complete records that are not acknowledged yet.',
    value: (s) => s.sources.reduce((sum, f) => sum + Math.max(0, f.size - f.position - f.unfinished), 0),
  },
  {
    name: 'waybill_agent_spooled_batches',
    help: 'Sealed and not acknowledged.',
    value: (s) => s.shipping.spooledBatches,
  },
  { name: 'waybill_agent_spooled_bytes', help: 'Bytes of those.', value: (s) => s.shipping.spooledBytes },
  {
    name: 'waybill_agent_quarantined_batches',
    help: 'Refused for good by the indexer.',
    value: (s) => s.shipping.quarantined,
  },
  {
    name: 'waybill_agent_damaged_batches',
    help: 'Sealed batches since the start whose file was damaged or missing: their records are read again.',
    value: (s) => s.shipping.counters.damaged,
  },
  {
    name: 'waybill_agent_oldest_pending_seconds',
    help: 'Age of the oldest batch that is not acknowledged.',
    value: (s) => (s.shipping.oldestPending ?? 0) / 1000,
  },
  {
    name: 'waybill_agent_sequence',
    help: 'Number of the last waybill sealed.',
    value: (s) => s.shipping.sealed,
  },
  {
    name: 'waybill_agent_blocked',
    help: '1 when nothing is being acknowledged.',
    value: (s) => (problemOf(s) === null ? 0 : 1),
  },
  {
    name: 'waybill_agent_unparsed_records',
    help: 'Records that stopped their parser and were shipped unparsed.',
    value: (s) => s.unparsed,
  },
  {
    name: 'waybill_agent_syslog_messages',
    help: 'Messages received by syslog since the start.',
    value: (s) => sumOver(s, 'messages', isSyslog),
  },
  {
    name: 'waybill_agent_syslog_dropped',
    help: 'Datagrams lost since the start, in the system or because the journal had no room.',
    value: (s) => sumOver(s, 'dropped', isSyslog),
  },
  {
    name: 'waybill_agent_syslog_connections',
    help: 'Open connections.',
    value: (s) => sumOver(s, 'connections', isSyslog),
  },
  {
    name: 'waybill_agent_syslog_refused',
    help: 'Refused connections.',
    value: (s) => sumOver(s, 'refused', isSyslog),
  },
  {
    name: 'waybill_agent_http_records',
    help: 'Records received by HTTP since the start: _bulk, webhooks, OTLP.',
    value: (s) => sumOver(s, 'messages', isHttp),
  },
  {
    name: 'waybill_agent_http_connections',
    help: 'Open connections of those.',
    value: (s) => sumOver(s, 'connections', isHttp),
  },
  {
    name: 'waybill_agent_http_refused',
    help: 'Refused connections and requests of those.',
    value: (s) => sumOver(s, 'refused', isHttp),
  },
  {
    name: 'waybill_agent_fetched_records',
    help: 'Records fetched since the start.',
    value: (s) => s.reception?.fetchers.reduce((sum, { records }) => sum + records, 0) ?? 0,
  },
  {
    name: 'waybill_agent_fetchers_failing',
    help: 'Fetchers whose last request failed.',
    value: (s) => s.reception?.fetchers.filter(({ problem }) => problem !== null).length ?? 0,
  },
  {
    name: 'waybill_agent_journal_bytes',
    help: 'Bytes that wait in the journal of what was received.',
    value: (s) => s.reception?.journal.bytes ?? 0,
  },
]

type Listener = NonNullable<AgentStatus['reception']>['listeners'][number]

const isSyslog = ({ listen }: Listener): boolean => /^(?:udp|tcp|tls) /.test(listen)
const isHttp = (listener: Listener): boolean => !isSyslog(listener)

const sumOver = (
  status: AgentStatus,
  name: 'connections' | 'messages' | 'dropped' | 'refused',
  which: (listener: Listener) => boolean,
): number => status.reception?.listeners.filter(which).reduce((sum, listener) => sum + listener[name], 0) ?? 0

const problemOf = (status: AgentStatus): string | null =>
  status.problem ?? status.shipping.problem ?? status.reception?.journal.problem ?? null

/** `GET /metrics` for Prometheus and `GET /healthz`, which is 503 with the reason while nothing is acknowledged. */
export async function serveMetrics(
  agent: Agent,
  listen: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const registry = new Registry()
  const registers = [registry]
  const figures = FIGURES.map(({ name, help, value }) => ({
    gauge: new Gauge({ name, help, registers }),
    value,
  }))
  const records = new Gauge({
    name: 'waybill_agent_records',
    help: 'The ledger over all sources: read = stored + duplicate + filtered + dead + quarantined + discarded + pending.',
    labelNames: ['account'],
    registers,
  })
  const memory = new Gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory.', registers })
  const metrics = async (): Promise<string> => {
    const status = agent.status()
    for (const { gauge, value } of figures) gauge.set(value(status))
    for (const [account, count] of Object.entries(status.total)) records.set({ account }, count)
    memory.set(process.memoryUsage.rss())
    return await registry.metrics()
  }

  const { hostname, port } = new URL(listen)
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      if (incoming.url === '/metrics') {
        outgoing.writeHead(200, { 'content-type': registry.contentType }).end(await metrics())
      } else if (incoming.url === '/healthz') {
        const problem = problemOf(agent.status())
        outgoing
          .writeHead(problem === null ? 200 : 503, { 'content-type': 'text/plain' })
          .end(`${problem ?? 'ok'}\n`)
      } else {
        outgoing
          .writeHead(404, { 'content-type': 'text/plain' })
          .end('This address has /metrics and /healthz.\n')
      }
    })()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const why = codeOf(error) === 'EADDRINUSE' ? 'the port is in use' : reasonOf(error)
      reject(
        new OperatorError(
          'WB-LISTEN',
          `metrics.listen: ${listen} can't be opened: ${why}. Name another port, or stop the program that uses it.`,
        ),
      )
    })
    server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''), resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${hostname}:${bound}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
