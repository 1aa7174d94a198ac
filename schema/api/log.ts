import * as z from 'zod'

const time = z.number().int()

/** The state of an indexer's transparency log. Times in ms. */
export const logStatusShape = z.object({
  head: z
    .object({
      origin: z.string(),
      size: z.number().int().nonnegative(),
      root: z.string().describe('The root over all entries, in hex.'),
      at: time.describe('When the newest checkpoint was signed.'),
      keys: z
        .array(z.object({ key: z.string(), until: time.nullable().describe('When an old key ends.') }))
        .describe('The verifier keys of the checkpoint, in the form of C2SP signed notes.'),
    })
    .nullable()
    .describe('Null until the log could be opened.'),
  problem: z.string().nullable().describe('Why the log does not go on.'),
  anchors: z
    .array(
      z.object({
        name: z.string(),
        size: z.number().int().nullable().describe('The size of the newest checkpoint there.'),
        at: time.nullable().describe('When it reached the anchor.'),
        problem: z.string().nullable().describe('Why it failed since then.'),
      }),
    )
    .describe('Places for checkpoints outside of the indexer.'),
  witness: z
    .object({ keys: z.array(z.string()) })
    .nullable()
    .describe('The keys by which this indexer cosigns other logs; null if it does not.'),
})
export type LogStatusShape = z.infer<typeof logStatusShape>

/** Files of the log. */
export const logCheckpointShape = z.string().describe('A C2SP checkpoint.')
export const logTileShape = z
  .string()
  .describe('A tile of hashes or a bundle of entries, as C2SP tlog-tiles defines them.')

/** All that proves one event, for one who has the keys of the agent and of the log, and nothing else. */
export const eventProofShape = z.object({
  format: z.literal('waybill/event-proof/v1'),
  event: z.string().describe('The id of the event.'),
  line: z.string().describe('The event as the agent sealed it.'),
  position: z.number().int().nonnegative().describe('The position of the line in its waybill, from 0.'),
  path: z
    .array(z.string())
    .describe('The RFC 9162 audit path of the line to the root of its waybill, in hex, its sibling first.'),
  manifest: z.string().describe('The manifest of the waybill, as the agent signed it.'),
  signature: z.string().describe("The agent's signature over the manifest, in base64."),
  agentKey: z
    .string()
    .describe(
      "The agent's public key as PEM. It proves nothing: compare it with one that you have from elsewhere.",
    ),
  log: z.string().describe('The C2SP tlog-proof of the statement about the waybill.'),
})
export type EventProofShape = z.infer<typeof eventProofShape>
