import type { Secret } from '../../../../config/index.ts'
import { type Answer, type Body, type Door, type Head, jsonAnswer, Refused } from '../door.ts'
import { SENDERS, type Sender, type SenderName } from './senders.ts'

/** A webhook of one system. */
export interface Hook {
  readonly from: SenderName
  /** One of these signs or accompanies each request. */
  readonly secrets: readonly Secret[]
}

/** Takes the webhooks of systems, each at a path of its own, if they prove that they come from there. */
export class WebhookDoor implements Door {
  readonly #hooks: ReadonlyMap<string, Hook>

  constructor(hooks: Readonly<Record<string, Hook>>) {
    this.#hooks = new Map(Object.entries(hooks))
  }

  admit(head: Head): Answer | null {
    const { sender, secrets } = this.#at(head)
    if (head.method === 'POST') {
      sender.admit(head, secrets)
      return null
    }
    const answer = sender.challenge(head)
    if (answer === null)
      throw new Refused(405, `${head.method} is not possible here. Webhooks are sent by POST.`)
    sender.admit(head, secrets)
    return answer
  }

  async answer(head: Head, { bytes, store }: Body): Promise<Answer> {
    const { sender, secrets } = this.#at(head)
    sender.verify(head, bytes, secrets)
    if (bytes.length === 0) throw new Refused(400, 'The request has no body.')
    const records = sender.records(head, bytes)
    await store(records.map((record) => ({ ...record, route: head.path })))
    return jsonAnswer(200, { stored: records.length })
  }

  refusal({ status, message }: Refused): Answer {
    return jsonAnswer(status, { error: message })
  }

  #at({ path }: Head): { readonly sender: Sender; readonly secrets: readonly Secret[] } {
    const hook = this.#hooks.get(path)
    if (hook === undefined) throw new Refused(404, 'No webhook is expected at this path.')
    return { sender: SENDERS[hook.from], secrets: hook.secrets }
  }
}
