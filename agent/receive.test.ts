import { describe, expect, it } from 'vitest'
import { agentConfigSchema } from './config.ts'
import { Programs } from './normalise/read/syslog/reader.ts'
import { receivedPipelines } from './receive.ts'

/** Returns the integration that reads a program's messages. */
async function readersOf(more: object): Promise<(program: string) => string> {
  const config = {
    ...agentConfigSchema.parse({
      agent: { name: 'web-1', data: './data' },
      indexers: ['http://127.0.0.1:8600'],
      inputs: [{ syslog: { udp: '127.0.0.1:5514', ...more } }],
    }),
    lineOf: () => 1,
  }
  const { pipelines, syslog } = await receivedPipelines('agent.yml', config, 0)
  const programs = new Programs(syslog!.inputs[0]!)
  return (program) => pipelines[programs.pipelineFor(program, 'web-1', '10.0.0.1')]!.integration
}

describe('what is received', () => {
  it('is read as sign-ins where the program is one of them, and as text where not', async () => {
    const reader = await readersOf({})
    expect(['sshd', 'sshd-session', 'sudo', 'CRON', 'systemd-logind'].map(reader)).toEqual(
      Array(5).fill('linux-auth'),
    )
    expect(['nginx', 'sshd-exporter', 'kernel'].map(reader)).toEqual(Array(3).fill('plain'))
  })

  it('is read as the operator says of a program, before all else', async () => {
    const reader = await readersOf({ programs: { sshd: 'plain', shop: 'generic-json' } })
    expect(['sshd', 'shop', 'sudo', 'nginx'].map(reader)).toEqual([
      'plain',
      'generic-json',
      'linux-auth',
      'plain',
    ])
  })

  it('is read with the one integration that is named, whichever program', async () => {
    const reader = await readersOf({ integration: 'plain' })
    expect(['sshd', 'sudo', 'nginx'].map(reader)).toEqual(['plain', 'plain', 'plain'])
  })
})
