// Imports a file and reports progress until it is done or killed.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, file] = process.argv.slice(2)
const om = new OpenMemory({ path, embedder: 'test' })
await om.importFrom(file, { onProgress: (done, total) => process.send({ done, total }) })
await om.close()
process.disconnect()
