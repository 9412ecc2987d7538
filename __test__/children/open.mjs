// Tries to open a directory and reports the error's code, or "opened".
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const outcome = await om.ready().then(
  () => ({ outcome: 'opened' }),
  ({ code, status, retryable }) => ({ outcome: code, status, retryable }),
)
await om.close()
process.send(outcome)
process.disconnect()
