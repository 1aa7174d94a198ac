interface AnsweredPage<Event> {
  readonly events: readonly Event[]
  readonly next: string | null
}

const MOST_PAGES = 5000

/** Reads all events of an answer. A page may end before it is full, when its time is up: only `next` shows whether there is more. */
export async function allPages<Event>(
  page: (after: string | undefined) => Promise<AnsweredPage<Event>>,
): Promise<Event[]> {
  const events: Event[] = []
  let after: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const answered = await page(after)
    events.push(...answered.events)
    if (answered.next === null) return events
    after = answered.next
  }
  throw new Error(`the answer does not end after ${MOST_PAGES} pages`)
}

/** Reads all events that the API finds for a path with a question in it. */
export function eventsAt(
  ask: (path: string) => Promise<{ readonly json: Record<string, unknown> }>,
  path: string,
): Promise<Record<string, unknown>[]> {
  return allPages(async (after) => {
    const { json } = await ask(after === undefined ? path : `${path}&after=${encodeURIComponent(after)}`)
    return json as { events: Record<string, unknown>[]; next: string | null }
  })
}
