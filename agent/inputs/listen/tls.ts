/** Loaded on demand: an agent without TLS reception uses 7 MB less. */
export const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
