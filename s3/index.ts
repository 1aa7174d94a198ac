/** What S3's protocol says, without asking anybody: how a request is signed, and the XML of its answers. Agent and indexer speak it. */
export { type Credentials, escaped, signed, type Unsigned } from './sign.ts'
export { elementsOf, textOf, xmlText } from './xml.ts'
