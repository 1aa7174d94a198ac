import { describe, expect, it } from 'vitest'
import { Programs } from './reader.ts'

const programs = new Programs({
  pipeline: 0,
  programs: [
    { program: 'sshd', pipeline: 1, hosts: [] },
    { program: 'audisp*', pipeline: 2, hosts: ['web-*', '10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] },
    { program: '*', pipeline: 3, hosts: ['db-1'] },
  ],
})

describe('the pipeline that a program asks for', () => {
  it.each([
    ['a name', 'sshd', null, '198.51.100.1', 1],
    ['a name in other letters', 'SSHD', null, '198.51.100.1', 1],
    ['a name that only begins so', 'sshd-session', null, '198.51.100.1', 0],
    ['a pattern, by the name of the host', 'audisp-remote', 'web-7', '198.51.100.1', 2],
    ['a pattern, by the network of the sender', 'audispd', null, '10.1.2.3', 2],
    ['a pattern, by the address of the sender', 'audispd', null, '192.0.2.7', 2],
    ['a pattern, by a network of IPv6', 'audispd', null, '2001:db8::5', 2],
    ['a pattern, from the wrong host', 'audispd', 'mail-1', '198.51.100.1', 0],
    ['an address that is claimed in the header is no proof', 'audispd', '10.1.2.3', '198.51.100.1', 0],
    ['all of a host', 'cron', 'db-1', '198.51.100.1', 3],
    ['no program', null, 'db-1', '10.1.2.3', 0],
  ])('%s', (_, program, host, address, pipeline) => {
    expect(programs.pipelineFor(program, host, address)).toBe(pipeline)
  })
})
