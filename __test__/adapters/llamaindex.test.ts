// A block in the memory of LlamaIndex.TS: what is recalled for a request, and what is kept of a conversation.

import { expect, test } from '@jest/globals'
import { createMemory } from '@llamaindex/core/memory'
import { MemoryBlock, type MemoryBlockOptions } from '@openmemory/sdk/llamaindex'
import { openStore } from '../helpers/store'

test('a request is given the memories of its user', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks green tea', user_id: 'ada' })
  await om.addMemory({ content: 'Bob drinks green tea', user_id: 'bob' })
  const memory = createMemory({ memoryBlocks: [new MemoryBlock(om, { userId: 'ada' })] })
  await memory.add({ role: 'user', content: 'Which green tea do I drink?' })
  expect(await memory.getLLM()).toMatchObject([
    { role: 'memory', content: 'Ada drinks green tea' },
    { role: 'user', content: 'Which green tea do I drink?' },
  ])
})

test('messages that leave the short term are kept, each once', async () => {
  const om = openStore()
  const block = new MemoryBlock(om, { userId: 'ada', runId: 'chat' })
  const memory = createMemory({ tokenLimit: 60, shortTermTokenLimitRatio: 0.5, memoryBlocks: [block] })
  for (let n = 0; n < 12; n++) await memory.add({ role: 'user', content: `This is message number ${n} of a long talk` })
  const { memories } = await om.listMemories({ order: 'created_at:asc' })
  expect(memories.length).toBeGreaterThan(3)
  expect(new Set(memories.map(({ content }) => content)).size).toBe(memories.length)
  expect(memories[0]).toMatchObject({ user_id: 'ada', run_id: 'chat', metadata: { role: 'user' } })

  const message = { id: 'm', role: 'assistant', content: [{ type: 'text', text: 'tea' }], createdAt: new Date(1e12) }
  await block.put([message, { ...message, id: 'blank', content: ' ' }])
  await block.put([message])
  expect((await om.listMemories({ filters: { 'metadata.role': 'assistant' } })).memories).toMatchObject([
    { content: 'tea', created_at: new Date(1e12).toISOString() },
  ])
})

test('filters, limits and blank messages', async () => {
  const om = openStore()
  await om.addMemories(['a', 'b', 'c'].map((tag) => ({ content: `tea ${tag}`, tags: [tag] })))
  const found = async (options: MemoryBlockOptions, content: unknown = 'tea') => {
    const [recalled] = await new MemoryBlock(om, options).get([{ id: '1', role: 'user', content }])
    return recalled?.content.split('\n').length ?? 0
  }
  expect([await found({}), await found({ limit: 2 }), await found({ minScore: 1 })]).toEqual([3, 2, 0])
  expect([await found({ filters: { tags: 'b' } }), await found({ userId: '*' }), await found({}, ' ')]).toEqual([
    1, 0, 0,
  ])
  expect(await new MemoryBlock(om).get()).toEqual([])
  expect(new MemoryBlock(om, { id: 'x', priority: 0, isLongTerm: false })).toMatchObject({ id: 'x', priority: 0 })
  expect(() => new MemoryBlock(om, { userId: undefined })).toThrow(/userId/)
  await expect(found({ limit: 0 })).rejects.toMatchObject({ details: { field: 'limit' } })
})
