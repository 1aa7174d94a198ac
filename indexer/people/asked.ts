import { type AggregateRequest, askedThrough, type Moment, type Store } from '../store/port.ts'
import { countedBy, meantSplit } from './counts.ts'
import type { People } from './people.ts'

/** The store, with questions about people: a condition on a person finds all accounts, and counts may be by person, verb or object. */
export function withPeople(store: Store, people: People): Store {
  const reading = (at: Pick<Store, 'search' | 'aggregate'>): Pick<Store, 'search' | 'aggregate'> => ({
    search: (request, gone) => at.search({ ...request, query: people.resolved(request.query) }, gone),
    async aggregate(request: AggregateRequest, gone) {
      const split = meantSplit(request)
      if (split?.field === 'person') await people.refresh()
      const resolved = { ...request, query: people.resolved(request.query) }
      const counter = { aggregate: (one: AggregateRequest) => at.aggregate(one, gone) }
      return split === null ? at.aggregate(resolved, gone) : countedBy(counter, people, resolved, split)
    },
  })
  const asking: Partial<Store> = {
    ...reading(store),
    arrivals: (request, gone) => store.arrivals({ ...request, query: people.resolved(request.query) }, gone),
    async moment(): Promise<Moment> {
      const moment = await store.moment()
      return askedThrough(moment, reading(moment))
    },
  }
  // Everything else is the store's own, whatever a store may have.
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(asking, name)) return asking[name as keyof Store]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
