import { UsageError } from './exit.ts'

/** Who is reached by which channel of the rules: `security=soc@acme.example,security=#soc`. */
export function channelsOf(given: string): Record<string, { email: string[]; slack: string[] }> {
  const channels: ReturnType<typeof channelsOf> = {}
  for (const text of given.split(',').filter((one) => one !== '')) {
    const [, name, to] = /^([a-z0-9-]+)=(\S+)$/.exec(text) ?? []
    const kind = to?.startsWith('#') ? 'slack' : to?.includes('@') ? 'email' : null
    if (name === undefined || to === undefined || kind === null)
      throw new UsageError(
        `--channels ${text}: expected a channel of the rules and whom it reaches, such as security=soc@acme.example or security=#soc`,
      )
    channels[name] ??= { email: [], slack: [] }
    channels[name][kind].push(to)
  }
  return channels
}
