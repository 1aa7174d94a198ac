export { closest, noOption } from './allowed.ts'
export { beside, keptBeside } from './beside.ts'
export {
  ConfigError,
  type ConfigProblem,
  type ConfigSources,
  type LineOf,
  parseConfig,
  readConfig,
} from './read.ts'
export { isLoopbackHost, Secret, secret } from './secret.ts'
export { openSupervisor, type Supervisor } from './supervisor.ts'
export { age, bytesText, duration, size } from './units.ts'
