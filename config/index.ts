export { closest } from './allowed.ts'
export { ConfigError, type ConfigProblem, type ConfigSources, parseConfig, readConfig } from './read.ts'
export { Secret, secret } from './secret.ts'
export { duration, size } from './units.ts'
