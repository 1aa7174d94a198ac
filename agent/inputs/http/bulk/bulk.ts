import type { Secret } from '../../../../config/index.ts'
import { type Answer, type Body, type Door, type Head, jsonAnswer, Refused } from '../door.ts'
import { expectToken } from '../token.ts'
import { filtered } from './filter-path.ts'
import { type BulkItem, itemsOf, MalformedBulk } from './requests.ts'

/** Shippers of Elastic go on only if the server says so. */
const PRODUCT = { 'x-elastic-product': 'Elasticsearch' }
/** The version that shippers adapt to: requests without types of documents, and no features that they would have to load. */
const VERSION = '8.19.0'
const CLUSTER = { cluster_name: 'waybill', cluster_uuid: 'waybill-agent' }

/**
 * As much of Elasticsearch as shippers need to send: `_bulk`, who they are talking to, the licence, and the templates and policies that
 * they want to load, which are answered as if they were there. Nothing of those is kept: the schema decides how records are stored.
 */
export class BulkDoor implements Door {
  readonly #tokens: readonly Secret[]

  constructor(tokens: readonly Secret[]) {
    this.#tokens = tokens
  }

  admit({ method, path, headers }: Head): Answer | null {
    expectToken(headers, this.#tokens)
    if (isBulk(path)) {
      if (method === 'POST' || method === 'PUT') return null
      throw new Refused(405, `${method} is not possible here. Send records by POST.`)
    }
    if (method === 'GET' || method === 'HEAD') {
      const known = knowledgeOf(path)
      if (known !== null) return answered(200, known)
    }
    // What a shipper loads is read, so that its connection stays usable, and forgotten.
    if (method === 'PUT' && isSetup(path)) return null
    throw new Refused(
      404,
      `The agent takes records by _bulk. ${method} ${path.slice(0, 200)} is another request.`,
    )
  }

  async answer({ path, query }: Head, { bytes, store }: Body): Promise<Answer> {
    if (!isBulk(path)) return answered(200, { acknowledged: true })
    const began = performance.now()
    const items = itemsIn(bytes, path)
    const taken = items.flatMap(({ fault, source, index, id }) =>
      fault !== null || source === null
        ? []
        : [{ bytes: source, route: index, key: id === null ? [] : ['_bulk', index, id] }],
    )
    await store(taken)
    const result = {
      took: Math.round(performance.now() - began),
      errors: taken.length < items.length,
      items: items.map(itemResult),
    }
    return answered(200, filtered(result, query.get('filter_path')))
  }

  refusal({ status, message }: Refused): Answer {
    const type = TYPES[status] ?? 'exception'
    const reasons = { type, reason: message }
    const challenge = status === 401 ? { 'www-authenticate': 'Basic realm="waybill", ApiKey, Bearer' } : {}
    return jsonAnswer(
      status,
      { error: { root_cause: [reasons], ...reasons }, status },
      { ...PRODUCT, ...challenge },
    )
  }
}

const answered = (status: number, value: unknown): Answer => jsonAnswer(status, value, PRODUCT)

const TYPES: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  413: 'content_too_long_exception',
  429: 'es_rejected_execution_exception',
}

const BULK = /^(?:\/([^/]+))?\/_bulk\/?$/
const isBulk = (path: string): boolean => BULK.test(path)

function itemsIn(bytes: Buffer, path: string): BulkItem[] {
  try {
    const index = BULK.exec(path)?.[1]
    return itemsOf(bytes, index === undefined ? null : decodeURIComponent(index))
  } catch (error) {
    if (error instanceof MalformedBulk) throw new Refused(400, error.message)
    if (error instanceof URIError) throw new Refused(400, 'The name of the index in the path is not valid.')
    throw error
  }
}

function itemResult({ action, index, id, fault }: BulkItem): object {
  const about = { _index: index, _id: id ?? '' }
  return fault === null
    ? { [action]: { ...about, _version: 1, result: 'created', status: 201 } }
    : { [action]: { ...about, status: 400, error: fault } }
}

const SETUP =
  /^\/(?:_template|_index_template|_component_template|_ilm\/policy|_ingest\/pipeline|_data_stream|_data_stream\/[^/]+\/_lifecycle)\/([^/]+)\/?$/
/** An index or alias that a shipper makes before it writes: `/filebeat-8`. */
const INDEX = /^\/[^_/][^/]*\/?$/
const isSetup = (path: string): boolean => SETUP.test(path) || INDEX.test(path)

/** What there is to say about a path; null if it is none that shippers ask for. */
function knowledgeOf(path: string): unknown {
  switch (path.replace(/\/+$/, '')) {
    case '':
      return {
        name: 'waybill-agent',
        ...CLUSTER,
        version: {
          number: VERSION,
          build_flavor: 'default',
          build_type: 'tar',
          lucene_version: '9.12.2',
          minimum_wire_compatibility_version: '7.17.0',
          minimum_index_compatibility_version: '7.0.0',
        },
        tagline: 'You Know, for Search',
      }
    case '/_license':
      return { license: { status: 'active', uid: CLUSTER.cluster_uuid, type: 'basic', mode: 'basic' } }
    case '/_xpack':
      return { build: {}, license: { mode: 'basic', status: 'active', type: 'basic' }, features: {} }
    case '/_cluster/health':
      return { ...CLUSTER, status: 'green', timed_out: false, number_of_nodes: 1, number_of_data_nodes: 1 }
  }
  const name = SETUP.exec(path)?.[1]
  if (name !== undefined) return { [name]: {}, index_templates: [{ name, index_template: {} }] }
  return INDEX.test(path) ? { [path.slice(1)]: {} } : null
}
