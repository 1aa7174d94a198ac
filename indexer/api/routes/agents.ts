import type { X509Certificate } from 'node:crypto'
import * as z from 'zod'
import {
  type AgentShape,
  type AgentsCaShape,
  agentHostsShape,
  agentsCaShape,
  agentsShape,
  hostsChangeShape,
  mintedTokenShape,
  newEnrolmentTokenShape,
  revokedShape,
} from '../../../schema/api/index.ts'
import {
  AGENT_CERTIFICATE_PATH,
  acknowledgementSchema,
  agentCertificateSchema,
  enrollAnswerSchema,
  enrollRequestSchema,
  heartbeatAnswerSchema,
  noticeText,
  signedHeartbeatSchema,
  verifyHeartbeat,
  WAYBILL_TYPE,
} from '../../../schema/wire/index.ts'
import { AgentNames, noAuthority } from '../../ingest/index.ts'
import { Refusal } from '../../refusal.ts'
import { askingAgent } from '../agent-question.ts'
import { refusalOf } from '../problem.ts'
import { json, type Route, route } from '../route.ts'
import type { Service } from '../service.ts'

/** The routes for agents: enrolment, waybills, heartbeats. */
export function agentRoutes(service: Service): Route[] {
  const { access, agents, agentsCa, clock, enrolment, metrics, presences, receiver, settings, trail } =
    service
  const names = new AgentNames({ agents, presences, trail })
  return [
    route({
      method: 'POST',
      path: '/v1/waybills',
      needs: 'agent',
      about:
        'Sends a batch with its signed waybill. 200 means that all events are stored, known before, or in the dead letters.',
      bytes: WAYBILL_TYPE,
      answers: { 200: json('Accounted for, event by event.', acknowledgementSchema) },
      async serve({ request, asker }) {
        try {
          const answer = await receiver.receive(request.raw, {
            address: asker.address,
            demandSigner: (agent) => asker.certificate?.demandSigner(agent),
          })
          metrics.waybill(answer.again ? 'again' : 'stored')
          return answer
        } catch (thrown) {
          metrics.waybill(refusalOf(thrown).kind)
          throw thrown
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/enroll',
      needs: 'new-agent',
      about:
        'Registers the public key of an agent. Repeating a request with the same key gives the same answer.',
      body: enrollRequestSchema,
      answers: { 200: json('The agent is enrolled.', enrollAnswerSchema) },
      serve: ({ body, request, asker }) =>
        enrolment.enroll(body, {
          address: asker.address,
          mayBeFirst: service.firstAgentIsFree() && access.isOpen(request),
        }),
    }),
    route({
      method: 'POST',
      path: '/v1/heartbeat',
      needs: 'agent',
      about: 'The signed report of an agent.',
      body: signedHeartbeatSchema,
      answers: {
        200: json(
          "The indexer's time, for the agent's clock, and the version of the central settings.",
          heartbeatAnswerSchema,
        ),
      },
      async serve({ body, asker }) {
        const agent = agents.authenticate(body.heartbeat, (key) => verifyHeartbeat(body, key))
        asker.certificate?.demandSigner(agent.id)
        const heartbeat = { ...body.heartbeat, ...(await names.of(agent, body.heartbeat)) }
        for (const notice of presences.heard(heartbeat)) {
          await trail.record({
            action: 'agent-notice',
            category: 'system',
            message: `Agent ${heartbeat.name}: ${noticeText(notice)}`,
            outcome: 'unknown',
            by: { name: 'agent' },
            entity: { type: 'agent', id: heartbeat.agent, name: heartbeat.name },
          })
        }
        return {
          now: clock(),
          settings: settings.current.version,
          takesNotices: true,
          takesDetails: true,
          ...(isAuthority(service) && { givesCertificates: true }),
        }
      },
    }),
    route({
      method: 'GET',
      path: AGENT_CERTIFICATE_PATH,
      needs: 'new-agent',
      about:
        'A certificate of this indexer’s authority for the key that the agent signs with. The agent signs the request in Authorization, as for the settings.',
      answers: { 200: json('The certificate.', agentCertificateSchema) },
      async serve({ request, asker }) {
        const { agent, key } = askingAgent(service, request, asker, AGENT_CERTIFICATE_PATH)
        if (!isAuthority(service)) throw noAuthority()
        return { certificate: await agentsCa.issue(agent, key) }
      },
    }),
  ]
}

/** Fields of the list of agents that their events also have. */
const SHOWN_OF_AGENTS = ['agent.name', 'agent.version', 'host.name', 'log.file.path'] as const

const isAuthority = ({ agentsCa, operatorsCa }: Service): boolean =>
  !operatorsCa && agentsCa.certificate !== null

/** The routes for operators about agents. */
export function agentManagementRoutes(service: Service): Route[] {
  const { agents, agentsCa, breaks, clock, enrolment, presences, quotas, store, trail } = service
  const params = z.object({ id: z.string().max(64) })

  const authority = (certificate: X509Certificate | null): AgentsCaShape => {
    if (certificate === null) throw noAuthority()
    return {
      fingerprint: certificate.fingerprint256,
      from: certificate.validFromDate.getTime(),
      until: certificate.validToDate.getTime(),
      certificate: certificate.toString(),
      asked: service.asksForCertificates,
    }
  }
  const demandOwn = (): void => {
    if (!service.operatorsCa) return
    throw new Refusal(
      'WB-OWN-AUTHORITY',
      'tls.client-ca in indexer.yml names your own authority for agents: remove it first.',
    )
  }

  return [
    route({
      method: 'GET',
      path: '/v1/agents',
      needs: 'status',
      shows: 'totals',
      about: 'All agents: last contact, backlog, ledgers, and gaps in their waybills.',
      answers: { 200: json('The agents.', agentsShape) },
      async serve({ asker }) {
        for (const field of SHOWN_OF_AGENTS) asker.visibility.mask.demand({ kind: 'exists', field })
        const shapes: AgentShape[] = []
        for (const agent of agents.list()) {
          const presence = presences.get(agent.id)
          const heartbeat = presence?.heartbeat ?? null
          const chains = await store.chains(agent.id)
          shapes.push({
            id: agent.id,
            name: heartbeat?.name ?? agent.name,
            host: heartbeat?.host ?? agent.host,
            version: heartbeat?.version ?? agent.version,
            enrolled: agent.enrolled,
            lastSeen: presence?.lastSeen ?? null,
            revoked: agent.revoked !== null,
            lagBytes: heartbeat?.lagBytes ?? null,
            oldestPending: heartbeat?.oldestPending ?? null,
            ledger: heartbeat?.ledger ?? null,
            settings: heartbeat?.settings ?? null,
            notices: (heartbeat?.notices ?? []).map(noticeText),
            clockOffset: presence?.clockOffset ?? null,
            details: heartbeat?.details ?? null,
            chains: chains.map((chain) => ({ ...chain, gaps: [...chain.gaps] })),
            hosts: agent.hosts ?? null,
            breaks: breaks
              .of(agent.id)
              .map(({ incarnation, sequence, at, reason }) => ({ incarnation, sequence, at, reason })),
            slowed: quotas.slowed(agent.id),
          })
        }
        return { agents: shapes }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/tokens',
      needs: 'agents',
      about: 'Makes an enrolment token. It is shown only once.',
      body: newEnrolmentTokenShape,
      answers: { 200: json('The token.', mintedTokenShape) },
      async serve({ body, asker }) {
        const lifetime = body.ttlSeconds === undefined ? service.tokenLifetime() : body.ttlSeconds * 1000
        const until = new Date(clock() + lifetime).toISOString()
        await trail.record({
          action: 'enrol-token-create',
          category: 'security',
          message: `An enrolment token was made, for ${body.uses} ${body.uses === 1 ? 'agent' : 'agents'} until ${until}${body.hosts === undefined ? '' : `, on ${body.hosts.join(', ')}`}.`,
          outcome: 'success',
          by: asker,
        })
        return enrolment.mint({ lifetime, uses: body.uses, hosts: body.hosts })
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/agents/:id/hosts',
      needs: 'agents',
      about: "Sets which hosts an agent's events may name besides its own.",
      params,
      body: hostsChangeShape,
      answers: { 200: json('The names.', agentHostsShape) },
      async serve({ params: { id }, body: { hosts }, asker }) {
        const agent = agents.get(id)
        if (agent === undefined || agent.own)
          throw new Refusal('WB-NOT-FOUND', `No agent ${id} is enrolled here.`)
        await trail.record({
          action: 'agent-hosts-change',
          category: 'security',
          message: `Agent ${agent.name} (${id}) may name its own host${hosts.length === 0 ? '' : ` and ${hosts.join(', ')}`}.`,
          outcome: 'success',
          by: asker,
          entity: { type: 'agent', id, name: agent.name },
          changes: [{ field: 'hosts', old: agent.hosts?.join(' ') ?? '*', new: hosts.join(' ') }],
        })
        await agents.allowHosts(id, hosts)
        return { id, hosts }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/:id/revoke',
      needs: 'agents',
      about: 'Revokes an agent, which may then send no more. The events that it sent stay.',
      params,
      answers: { 200: json('The agent is revoked.', revokedShape) },
      async serve({ params: { id }, asker }) {
        const agent = agents.get(id)
        if (agent === undefined || agent.own)
          throw new Refusal('WB-NOT-FOUND', `No agent ${id} is enrolled here.`)
        if (agent.revoked === null) {
          await trail.record({
            action: 'agent-revoke',
            category: 'security',
            message: `Agent ${agent.name} (${id}) was revoked.`,
            outcome: 'success',
            by: asker,
            entity: { type: 'agent', id, name: agent.name },
          })
          await agents.revoke(id, clock())
        }
        return { id, revoked: true }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/agents/ca',
      needs: 'agents',
      about: 'The authority for the certificates of agents.',
      answers: { 200: json('The authority.', agentsCaShape) },
      serve: async () => authority(agentsCa.certificate),
    }),
    route({
      method: 'POST',
      path: '/v1/agents/ca',
      needs: 'agents',
      about: 'Makes an authority for the certificates of agents.',
      answers: { 200: json('The authority.', agentsCaShape) },
      async serve({ asker }) {
        demandOwn()
        return authority(await agentsCa.create(asker))
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/ca/renew',
      needs: 'agents',
      about: 'Replaces the authority. Certificates of the old one stay valid until they expire.',
      answers: { 200: json('The new authority.', agentsCaShape) },
      async serve({ asker }) {
        demandOwn()
        return authority(await agentsCa.renew(asker))
      },
    }),
  ]
}
