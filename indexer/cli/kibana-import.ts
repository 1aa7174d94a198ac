import * as z from 'zod'
import { codeOf, OperatorError, parsedJson, reasonOf } from '../../schema/index.ts'

const answerSchema = z.object({
  success: z.boolean(),
  successCount: z.number(),
  errors: z
    .array(z.object({ id: z.string(), type: z.string(), error: z.looseObject({ type: z.string() }) }))
    .optional(),
})

/** Puts saved objects into Kibana, over those of the same ids; how many it took. */
export async function importIntoKibana(
  kibana: URL,
  authorization: string | null,
  ndjson: string,
  space: string | null = null,
): Promise<number> {
  const form = new FormData()
  form.append('file', new Blob([ndjson], { type: 'application/ndjson' }), 'waybill.ndjson')
  const inSpace = space === null || space === 'default' ? '' : `/s/${encodeURIComponent(space)}`
  const path = `${kibana.pathname.replace(/\/$/, '')}${inSpace}/api/saved_objects/_import?overwrite=true`
  let response: Response
  try {
    response = await fetch(new URL(path, kibana), {
      method: 'POST',
      body: form,
      redirect: 'manual',
      // Kibana takes no POST without it, so that no web page can send one.
      headers: { 'kbn-xsrf': 'waybill', ...(authorization !== null && { authorization }) },
    })
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown
    throw new OperatorError(
      'WB-KIBANA',
      `Kibana at ${kibana.origin} can't be reached: ${codeOf(cause) ?? reasonOf(cause)}. Check --kibana, and that Kibana has started.`,
      { cause: thrown },
    )
  }
  const text = await response.text()
  if (response.status === 404)
    throw new OperatorError(
      'WB-KIBANA',
      `${kibana.origin} has no ${space === null ? 'Kibana at this address' : `space ${space}`} (404): ${space === null ? 'check --kibana' : 'make the space in Kibana first, or correct --space'}.`,
    )
  if (response.status === 401 || response.status === 403)
    throw new OperatorError(
      'WB-KIBANA',
      `Kibana at ${kibana.origin} does not let this user import (${response.status}): it needs "Saved Objects Management: all".`,
    )
  const answer = answerSchema.safeParse(parsedJson(text))
  if (!answer.success)
    throw new OperatorError(
      'WB-KIBANA',
      `${kibana.origin} answers (${response.status}), but not like Kibana: ${text.slice(0, 200)}`,
    )
  const { success, successCount, errors = [] } = answer.data
  if (!success) {
    const [first] = errors
    const why = first === undefined ? '' : `, the first ${first.type} ${first.id}: ${first.error.type}`
    throw new OperatorError(
      'WB-KIBANA',
      `Kibana imported ${successCount} objects and refused ${errors.length}${why}`,
    )
  }
  return successCount
}
