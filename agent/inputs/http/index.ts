/**
 * Inputs that listen for HTTP. A listener bounds and authenticates requests; a door reads their records, writes them to the journal, and
 * acknowledges them once they are on the disk.
 */
export { BulkDoor } from './bulk/bulk.ts'
export { type Door, Refused } from './door.ts'
export { HttpListener, type HttpOptions } from './listener.ts'
export { GrpcListener } from './otlp/grpc.ts'
export { OtlpDoor } from './otlp/otlp.ts'
export { store } from './store.ts'
export { SENDERS, type SenderName } from './webhook/senders.ts'
export { type Hook, WebhookDoor } from './webhook/webhook.ts'
