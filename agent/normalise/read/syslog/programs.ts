import { BlockList, isIP } from 'node:net'
import type { SyslogInputSpec } from '../../task.ts'

interface Entry {
  readonly program: (name: string) => boolean
  readonly pipeline: number
  readonly comesFrom: (hostname: string | null, address: string) => boolean
}

/** Answers that are remembered; programs and hosts are few, unless someone makes them up. */
const REMEMBERED = 4096

/** Which pipeline a message's program asks for, where it comes from the right host. */
export class Programs {
  readonly usual: number
  readonly #entries: readonly Entry[]
  readonly #known = new Map<string, number>()

  constructor({ programs, pipeline }: Pick<SyslogInputSpec, 'programs' | 'pipeline'>) {
    this.usual = pipeline
    this.#entries = programs.map((entry) => ({
      program: matcherOf(entry.program),
      pipeline: entry.pipeline,
      comesFrom: originMatcherOf(entry.hosts),
    }))
  }

  pipelineFor(program: string | null, hostname: string | null, address: string): number {
    if (program === null || this.#entries.length === 0) return this.usual
    const key = `${program}\n${hostname ?? ''}\n${address}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const entry = this.#entries.find((one) => one.program(program) && one.comesFrom(hostname, address))
    const pipeline = entry?.pipeline ?? this.usual
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(key, pipeline)
    return pipeline
  }
}

/** `*` stands for any characters; case does not matter. */
function matcherOf(pattern: string): (text: string) => boolean {
  const source = pattern.split('*').map(escaped).join('.*')
  const expression = new RegExp(`^${source}$`, 'is')
  return (text) => expression.test(text)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** An address or a network is held against the sender, which it can't invent on TCP; a name against what the message says. */
function originMatcherOf(hosts: readonly string[]): Entry['comesFrom'] {
  if (hosts.length === 0) return () => true
  const networks = new BlockList()
  const names: ((text: string) => boolean)[] = []
  for (const host of hosts) {
    const [address = '', bits] = host.split('/')
    const version = isIP(address)
    if (version === 0) names.push(matcherOf(host))
    else {
      const family = version === 4 ? 'ipv4' : 'ipv6'
      if (bits === undefined) networks.addAddress(address, family)
      else networks.addSubnet(address, Number(bits), family)
    }
  }
  return (hostname, address) => {
    const version = isIP(address)
    if (version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6')) return true
    return hostname !== null && names.some((matches) => matches(hostname))
  }
}
