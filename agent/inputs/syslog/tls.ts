/** Loaded where somebody receives by it: an agent that does not is 7 MB smaller. */
export const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls')
