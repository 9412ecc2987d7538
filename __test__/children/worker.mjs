// A worker thread that adds one field to a memory of the directory its parent has open.
import { parentPort, workerData } from 'node:worker_threads'
import { OpenMemory } from '@openmemory/sdk'

const { path, id, field } = workerData
const om = new OpenMemory({ path, embedder: 'test' })
const { version } = await om.updateMemory(id, { metadata: { [field]: true } })
await om.close()
parentPort.postMessage(version)
