export { openAccess } from './access.ts'
export { createApp } from './app.ts'
export { closeWithin, listen, readTls, renewTls } from './listening.ts'
export { createMetrics } from './metrics.ts'
