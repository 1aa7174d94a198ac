import { declare as declareAgent } from '../agent/cli/command-line.ts'
import type { Part } from '../build.ts'
import { declare as declareIndexer } from '../indexer/cli/command-line.ts'

/** What is packaged: each program alone, so that a host that only ships has neither console nor fonts. */
export interface Program {
  /** The name of the package, of its command and of its folders. */
  readonly name: string
  readonly part: Part
  readonly user: string
  readonly unit: string
  readonly title: string
  readonly about: string
  /** The command that writes the settings. */
  readonly setup: string
  /** The settings in /etc/waybill, and what else is there only for this program: secrets that they name, and what `waybill up` writes beside them. */
  readonly settings: string
  readonly written: string
  /** The command that runs until it is stopped. */
  readonly serve: string
  readonly declare: unknown
}

export const PROGRAMS: readonly Program[] = [
  {
    name: 'waybill-agent',
    part: 'agent',
    user: 'waybill-agent',
    unit: 'waybill-agent.service',
    title: 'Waybill agent',
    about: `agent that ships audit trails to a Waybill indexer
 It tails audit files and receives syslog, turns each record into one common
 schema, seals the events in signed batches, and ships them. Nothing is lost
 and nothing is sent twice.`,
    setup: 'waybill-agent setup',
    settings: 'agent.yml',
    written: 'agent.env',
    serve: 'run',
    declare: declareAgent,
  },
  {
    name: 'waybill',
    part: 'indexer',
    user: 'waybill',
    unit: 'waybill-indexer.service',
    title: 'Waybill indexer',
    about: `indexer that stores audit trails and answers searches
 It verifies the batches of Waybill agents, stores every event exactly once, in
 files of its own or in Elasticsearch, and has a console, alert rules, reports
 and an archive. The command waybill searches and manages it.`,
    setup: 'waybill up',
    settings: 'indexer.yml',
    written: 'indexer.env retention.yml tls',
    serve: 'indexer',
    declare: declareIndexer,
  },
]
