import { UsageError } from './output.ts'

export interface Credentials {
  readonly username?: string
  readonly password?: string
  readonly apiKey?: string
}

/** Credentials for a cluster in the environment, in place of those of the settings. */
export function credentialsOf(env: NodeJS.ProcessEnv): Credentials {
  const { WAYBILL_ES_USERNAME: username, WAYBILL_ES_PASSWORD: password, WAYBILL_ES_API_KEY: apiKey } = env
  if (apiKey !== undefined) return { apiKey }
  if ((username === undefined) !== (password === undefined))
    throw new UsageError('WAYBILL_ES_USERNAME and WAYBILL_ES_PASSWORD go together')
  return username === undefined || password === undefined ? {} : { username, password }
}
