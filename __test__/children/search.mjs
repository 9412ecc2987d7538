// Opens a directory with the shipped model, searches, and reports the best hit and its memory.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, query] = process.argv.slice(2)
const om = new OpenMemory({ path })
const [best] = await om.searchMemories(query)
const memory = await om.getMemory(best.id)
await om.close()
process.send({ best, memory })
process.disconnect()
