import type { FastifyRequest } from 'fastify'
import { readQuestion } from '../../schema/wire/index.ts'
import type { Agent } from '../ingest/index.ts'
import { Refusal } from '../refusal.ts'
import type { Asker } from './access.ts'
import type { Service } from './service.ts'

/** The allowed difference between the time of an agent's question and ours: a recorded question is useless later. */
const ASKED_WITHIN = 5 * 60_000

/** The agent that signed this question, and the key that it did so with. */
export function askingAgent(
  { agents, clock }: Pick<Service, 'agents' | 'clock'>,
  request: FastifyRequest,
  asker: Asker,
  path: string,
): { readonly agent: Agent; readonly key: string } {
  const read = readQuestion(request.headers.authorization)
  if (read === null || read.question.path !== path) {
    throw new Refusal('WB-SIGNATURE-INVALID', 'Expected a request signed by an agent, in Authorization.')
  }
  const agent = agents.authenticate(read.question, read.signedBy)
  asker.certificate?.demandSigner(agent.id)
  const late = clock() - read.question.asked
  if (Math.abs(late) > ASKED_WITHIN) {
    throw new Refusal(
      'WB-AGENT-CLOCK',
      `By the indexer's clock the request was signed ${Math.round(late / 1000)} s ago: check both clocks.`,
    )
  }
  return { agent, key: read.question.key }
}
