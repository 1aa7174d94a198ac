export { type Bundle, type BundleFile, readBundle } from './bundle.ts'
export { serveConsole } from './serve.ts'
