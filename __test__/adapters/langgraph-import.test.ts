// Items of LangGraph's own stores, imported, in the store over memories.

import { expect, test } from '@jest/globals'
import { OpenMemoryStore } from '@openmemory/sdk/langgraph'
import { imported } from '../helpers/imported'

test("items of LangGraph's stores are found by its store over memories", async () => {
  const rows = [
    { prefix: 'memories.ada', key: 'tea', value: '{"text": "Ada drinks tea"}', created_at: '2025-01-01 00:00:00+00' },
    {
      namespace: ['memories', 'bob'],
      key: 'chess',
      value: { text: 'Bob plays chess' },
      createdAt: '2025-01-01T00:00:00Z',
    },
  ]
  const { out, om } = await imported(rows.map((row) => JSON.stringify(row)).join('\n'))
  expect(out).toMatchObject({ imported: 2 })
  const store = new OpenMemoryStore(om)
  expect(await store.get(['memories', 'ada'], 'tea')).toMatchObject({ value: { text: 'Ada drinks tea' } })
  const found = await store.search(['memories'], { query: 'chess' })
  expect(found.map(({ namespace, key }) => [...namespace, key])).toContainEqual(['memories', 'bob', 'chess'])
})
