// Which memories does a language model look at again, and what is it told? Memories that say something similar, in their own
// words, so that every check of what is learnt from a conversation holds for them too.

import type { Memory, MemoryMatch, Message } from '../index'

/** The cosine from which two texts may say the same, or contradict each other. */
const SIMILAR = 0.6
/** How many neighbours of a memory are looked at. */
export const NEIGHBOURS = 6

const CONSOLIDATE = `The messages are memories themselves, so nothing in them is new.
Merge memories that say the same about the same person or thing into one text that keeps all they say.
Where two contradict each other, retire the one that was said earlier, as ended; as wrong only if a message says so.
Leave alone what is only about the same topic.`

const FEEDBACK = `The last message says what is wrong with what the assistant said, which is what the memories say.
Correct or retire those memories by its words, and change nothing else.`

type Texts = Pick<Memory, 'id' | 'content' | 'created_at'>

/** The memories with others that are similar, next to each other. */
export async function similar(
  memories: AsyncIterable<Texts>,
  near: (content: string) => Promise<readonly MemoryMatch<object>[]>,
  keepsAll: boolean,
): Promise<Texts[]> {
  const found = new Map<string, Texts>()
  for await (const memory of memories) {
    const hits = (await near(memory.content)).filter(({ id, similarity }) => id !== memory.id && similarity >= SIMILAR)
    if (hits.length === 0 && !keepsAll) continue
    for (const { id, content, created_at } of [memory, ...hits]) {
      if (!found.has(id)) found.set(id, { id, content, created_at })
    }
  }
  return [...found.values()]
}

/** What a model is asked: the memories say it, or somebody says what is wrong with them. */
export function conversationAbout(memories: readonly Texts[], feedback: string | undefined, own: string | undefined) {
  const role = feedback === undefined ? ('user' as const) : ('assistant' as const)
  const messages: Message[] = memories.map(({ content, created_at }) => ({ role, content, at: created_at }))
  if (feedback !== undefined) messages.push({ role: 'user', content: feedback })
  const what = feedback === undefined ? CONSOLIDATE : FEEDBACK
  return { messages, instructions: own === undefined ? what : `${what}\n${own}` }
}
