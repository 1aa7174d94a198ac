import { hash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, isErrorCode, memberOf, OperatorError } from '../schema/index.ts'
import type { AgentStatus, WaitingStatus } from './agent.ts'
import type { QuarantineAction } from './ship/index.ts'
import type { Log } from './state/index.ts'

/** A socket's path is limited to 107 bytes. If the data folder's path is too long, the socket is among the temporary files. */
const LONGEST_PATH = 100

export function controlPath(data: string): string {
  const path = join(data, 'agent.sock')
  return path.length <= LONGEST_PATH
    ? path
    : join(tmpdir(), `waybill-agent-${hash('sha256', data).slice(0, 16)}.sock`)
}

/** The functions of an agent that answers; one that is not enrolled has no batches, and so no quarantine. */
export interface Asked {
  status(): AgentStatus | WaitingStatus
  readonly shipper?: { quarantine(id: string, action: QuarantineAction): Promise<unknown> }
}

/** Answers the commands that query a running agent: only the agent itself may read its state. */
export async function serveControl(
  agent: Asked,
  data: string,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  const path = controlPath(data)
  // We hold the folder's lock, so an existing socket belongs to no process.
  await rm(path, { force: true })
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const answer = (status: number, body: unknown): void => {
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      try {
        const url = new URL(incoming.url ?? '/', 'http://agent')
        const [, room, id, action] = url.pathname.split('/').map(decodeURIComponent)
        if (incoming.method === 'GET' && room === 'status') answer(200, agent.status())
        else if (
          incoming.method === 'POST' &&
          room === 'quarantine' &&
          id !== undefined &&
          isAction(action) &&
          agent.shipper !== undefined
        ) {
          answer(200, await agent.shipper.quarantine(id, action))
        } else answer(404, { problem: 'The agent does not know this request.' })
      } catch (error) {
        const problem = error instanceof OperatorError ? error.message : `An unexpected problem: ${error}`
        if (!(error instanceof OperatorError)) log.error(problem)
        if (error instanceof OperatorError) answer(409, { problem, code: error.code })
        else answer(500, { problem })
      }
    })()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  server.unref()
  return {
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(path, { force: true })
    },
  }
}

const isAction = (text: string | undefined): text is QuarantineAction =>
  text === 'retry' || text === 'discard'

/** Queries the agent that runs on this data folder; null if none runs. */
export async function askAgent(data: string, method: 'GET' | 'POST', path: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: controlPath(data), method, path }, (incoming) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
        if (incoming.statusCode === 200) resolve(body)
        else reject(problemOf(body))
      })
      incoming.on('error', reject)
    })
    outgoing.on('error', (error) => {
      const code = codeOf(error)
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(null)
      else if (code === 'EACCES') {
        reject(
          new OperatorError(
            'WB-AGENT-DENIED',
            `This user may not talk to the agent of ${data}: run the command as the user that runs the agent.`,
          ),
        )
      } else reject(error)
    })
    outgoing.end()
  })
}

function problemOf(body: unknown): OperatorError {
  const code = memberOf(body, 'code')
  const sentence = String(memberOf(body, 'problem') ?? 'The agent gave no reason.')
  return new OperatorError(isErrorCode(code) ? code : 'WB-AGENT-REFUSED', sentence)
}

export async function askStatus(data: string): Promise<AgentStatus | WaitingStatus | null> {
  // Both ends are this program, and the answer contains the version of the running one.
  return (await askAgent(data, 'GET', '/status')) as AgentStatus | WaitingStatus | null
}
