import { OpenMemory } from './index.mjs'
const om = new OpenMemory({ store: process.env.OPENMEMORY_TEST_POSTGRES, embedder: 'test' })
const text = (n) => `Note ${n} of Ada, who likes to walk along the river in the evening when the sun goes down and the birds sing in the trees near the old bridge ${n}`
const mark = process.argv[2]
if (mark === 'add') await om.addMemories(Array.from({ length: 200 }, (_, at) => ({ id: `q-${at}`, user_id: 'big2', content: text(`${at}`) })))
if (mark === 'update') await om.updateMemories(Array.from({ length: 200 }, (_, at) => ({ id: `q-${at}`, content: text(`new ${at}`) })))
await om.close()
