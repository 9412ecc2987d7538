// Which kept messages are learnt from together? Those of one conversation, in the order in which they were said.

import type { KeptMessage, Message, MessagePage, ScopeFields } from '../index'

/** Messages of one call: a model reads them in parts anyway, and one commit has what it learns. */
const TOGETHER = 200

export interface Conversation {
  scope: ScopeFields
  messages: Message[]
}

/** All messages, page by page. */
export async function* messagesOf(page: (cursor?: string) => Promise<MessagePage>): AsyncGenerator<KeptMessage> {
  let cursor: string | undefined
  do {
    const { messages, next_cursor } = await page(cursor)
    yield* messages
    cursor = next_cursor
  } while (cursor !== undefined)
}

/** Messages by whose they are. */
export async function* conversations(kept: AsyncIterable<KeptMessage>): AsyncGenerator<Conversation> {
  const open = new Map<string, Conversation>()
  for await (const { message_id, role, content, name, at, seen, id, ...scope } of kept) {
    const { user_id, agent_id, app_id, run_id } = scope
    const key = JSON.stringify([user_id, agent_id, app_id, run_id])
    const conversation = open.get(key) ?? { scope, messages: [] }
    open.set(key, conversation)
    // By the id of the store, whatever id it came with.
    conversation.messages.push({ id: message_id, role, content, at, ...(name !== undefined && { name }) })
    if (conversation.messages.length < TOGETHER) continue
    open.delete(key)
    yield conversation
  }
  yield* open.values()
}
