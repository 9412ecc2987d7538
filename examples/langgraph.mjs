// LangGraph: a graph whose store keeps what it learned across threads, found by meaning. `node examples/langgraph.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Annotation, START, StateGraph } from '@langchain/langgraph'
import { OpenMemory } from '@openmemory/sdk'
import { OpenMemoryStore } from '@openmemory/sdk/langgraph'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const State = Annotation.Root({ said: Annotation(), known: Annotation() })
const graph = new StateGraph(State).addNode('remember', remember).addEdge(START, 'remember')
const app = graph.compile({ store: new OpenMemoryStore(om, { fields: ['text'] }) })

async function remember({ said }, { store, configurable }) {
  const [found] = await store.search(['users', configurable.user], { query: said, limit: 1 })
  await store.put(['users', configurable.user], configurable.thread_id, { text: said })
  return { known: found?.value.text ?? 'nothing yet' }
}

for (const [thread_id, said] of Object.entries({ monday: 'I live in Lisbon', friday: 'What is my home town?' })) {
  console.log((await app.invoke({ said }, { configurable: { thread_id, user: 'ada' } })).known)
}
await om.close()
rmSync(path, { recursive: true })

// Prints:
// nothing yet
// I live in Lisbon
