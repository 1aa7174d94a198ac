/** What all inputs that listen have in common: addresses, TLS, who may connect, and sentences about what is wrong. */
export { Admission, clientOf, peerOf } from './admission.ts'
export {
  entryName,
  type HttpDoorName,
  type Listen,
  type ListenerStatus,
  type Log,
  listenName,
  listenText,
  type StreamLimits,
  type TlsOptions,
} from './options.ts'
export { bindRefusal, secureOptions } from './refusal.ts'
export { tls } from './tls.ts'
export { tryListening } from './trial.ts'
