// LangChain's retriever and history of a chat, under its own runnables.

import { expect, test } from '@jest/globals'
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts'
import { RunnablePassthrough, RunnableSequence, RunnableWithMessageHistory } from '@langchain/core/runnables'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { MemoryChatHistory, MemoryRetriever } from '@openmemory/sdk/langchain'
import { openStore } from '../helpers/store'

test('a chain retrieves the memories of its user', async () => {
  const om = openStore()
  const { id } = await om.addMemory({
    content: 'Ada drinks tea',
    user_id: 'ada',
    tags: ['x'],
    metadata: { source: 'chat' },
  })
  await om.addMemory({ content: 'Bob drinks tea', user_id: 'bob' })
  const retriever = new MemoryRetriever(om, { userId: 'ada', tags: ['traced'], metadata: { by: 'test' } })
  expect(await retriever.invoke('Who drinks tea?')).toMatchObject([
    { id, pageContent: 'Ada drinks tea', metadata: { source: 'chat', memory: { tags: ['x'], version: 1 } } },
  ])
  expect(retriever.tags).toEqual(['traced'])
  const chain = RunnableSequence.from([
    {
      context: retriever.pipe((documents) => documents.map(({ pageContent }) => pageContent).join()),
      question: new RunnablePassthrough(),
    },
    ChatPromptTemplate.fromTemplate('{context} – {question}'),
  ])
  expect((await chain.invoke('tea?')).toString()).toContain('Ada drinks tea – tea?')
})

test('limits, filters and blank queries of a retriever', async () => {
  const om = openStore()
  await om.addMemories(['a', 'b', 'c'].map((tag) => ({ content: `tea ${tag}`, tags: [tag] })))
  const found = async (options: object, query = 'tea') => (await new MemoryRetriever(om, options).invoke(query)).length
  expect([await found({}), await found({ limit: 2 }), await found({ minScore: 1 })]).toEqual([3, 2, 0])
  expect([await found({ filters: { tags: 'b' } }), await found({ userId: '*' }), await found({}, ' ')]).toEqual([
    1, 0, 0,
  ])
  expect(await found({}, 'tea '.repeat(5000))).toBe(3)
  expect(() => new MemoryRetriever(om, { userId: undefined })).toThrow(/userId/)
  await expect(found({ limit: 0 })).rejects.toMatchObject({ details: { field: 'limit' } })
})

test('messages of every kind come back as they were, oldest first', async () => {
  const om = openStore()
  const history = new MemoryChatHistory(om, { sessionId: 'chat', userId: 'ada' })
  const messages = [
    new SystemMessage('Be brief.'),
    new HumanMessage({ content: [{ type: 'text', text: 'I live in Lisbon' }], id: 'm1' }),
    new AIMessage({ content: '', tool_calls: [{ name: 'f', args: { n: 1 }, id: 'c1' }] }),
    new ToolMessage({ content: 'done', tool_call_id: 'c1' }),
  ]
  await history.addMessages(messages)
  await history.addAIMessage('Noted.')
  const read = await new MemoryChatHistory(om, { sessionId: 'chat', userId: 'ada' }).getMessages()
  expect(read.map((message) => message.toDict())).toEqual([...messages, new AIMessage('Noted.')].map((m) => m.toDict()))
  expect((await om.searchMemories('Lisbon', { limit: 1 }))[0]?.content).toBe('I live in Lisbon')
  expect(await new MemoryChatHistory(om, { sessionId: 'chat' }).getMessages()).toEqual([])
  await history.clear()
  expect([await history.getMessages(), (await om.stats()).memories]).toEqual([[], 0])
  expect(() => new MemoryChatHistory(om, { sessionId: '' })).toThrow(/sessionId/)
})

test('a model under a history is given what was said before', async () => {
  const om = openStore()
  const model = new FakeListChatModel({ responses: ['Noted.', 'In Lisbon.'] })
  const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder('history'), ['human', '{said}']])
  const chain = new RunnableWithMessageHistory({
    runnable: prompt.pipe(model),
    getMessageHistory: (sessionId) => new MemoryChatHistory(om, { sessionId }),
    ...{ inputMessagesKey: 'said', historyMessagesKey: 'history' },
  })
  const config = { configurable: { sessionId: 'chat' } }
  await chain.invoke({ said: 'I live in Lisbon' }, config)
  expect((await chain.invoke({ said: 'Where do I live?' }, config)).content).toBe('In Lisbon.')
  const history = await new MemoryChatHistory(om, { sessionId: 'chat' }).getMessages()
  expect(history.map(({ content }) => content)).toEqual([
    'I live in Lisbon',
    'Noted.',
    'Where do I live?',
    'In Lisbon.',
  ])
})
