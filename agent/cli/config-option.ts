/** The option that most commands share. */
export const configOption = {
  config: {
    alias: 'c',
    type: 'string',
    default: 'agent.yml',
    describe: 'The settings of the agent',
  },
} as const

export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'Print JSON for programs' },
} as const
