import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { CommandModule } from 'yargs'
import { VERSION } from '../../config/version.ts'
import { OperatorError } from '../../schema/index.ts'
import { readAgentConfig } from '../config.ts'
import { enroll, loadIdentity } from '../ship/index.ts'
import { configOption, jsonOption } from './config-option.ts'

interface EnrollArguments {
  url: string
  token: string | undefined
  config: string
  data: string | undefined
  name: string | undefined
  json: boolean
}

export const enrollCommand: CommandModule<object, EnrollArguments> = {
  command: 'enroll <url>',
  describe: 'Enroll this host at an indexer, once',
  builder: (yargs) =>
    yargs
      .positional('url', {
        type: 'string',
        demandOption: true,
        describe: 'The indexer, such as https://indexer:8600',
      })
      .options({
        token: {
          type: 'string',
          describe:
            'Enrolment token from `waybill agents token`. Prefer WAYBILL_TOKEN: other users can see arguments',
        },
        ...configOption,
        data: { type: 'string', describe: 'The data folder, if there is no config file yet' },
        name: { type: 'string', describe: 'The name of this agent, if there is no config file yet' },
        ...jsonOption,
      })
      .example('$0 enroll https://indexer:8600 --config agent.yml', 'with the token in WAYBILL_TOKEN'),
  handler: async (argv) => {
    const token = argv.token ?? process.env.WAYBILL_TOKEN
    const settings =
      argv.data === undefined
        ? await readAgentConfig(argv.config)
        : {
            agent: { name: argv.name ?? hostname(), host: hostname(), data: resolve(argv.data) },
            tls: {},
            'allow-plain-http': false,
          }
    const known = await loadIdentity(settings.agent.data)
    if (known !== null) {
      throw new OperatorError(
        'WB-AGENT-ENROLLED',
        `${settings.agent.data} is already enrolled, as ${known.agent}. For another agent use another data folder.`,
      )
    }
    const identity = await enroll({
      url: argv.url,
      token,
      dir: settings.agent.data,
      name: settings.agent.name,
      host: settings.agent.host ?? hostname(),
      version: VERSION,
      tls: settings.tls,
      allowPlainHttp: settings['allow-plain-http'],
    })
    const text = argv.json
      ? JSON.stringify({ agent: identity.agent, key: identity.key, namespace: identity.namespace })
      : `Enrolled as ${identity.agent}. Start it with: waybill-agent run --config ${argv.config}`
    process.stdout.write(`${text}\n`)
  },
}
