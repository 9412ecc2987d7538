// Writes with many calls in flight, records every acknowledged version in a file, and ends in the given way.
import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, acknowledgedFile, ending] = process.argv.slice(2)
const file = openSync(acknowledgedFile, 'a')
const om = new OpenMemory({ path, embedder: 'test' })
let acknowledged = 0
let stopping = false

async function write(writer) {
  const id = `${ending}-${writer}`
  await om.addMemory({ id, content: 'state 1', tags: ['1'], metadata: { state: 1 } })
  for (let state = 2; !stopping; state++) {
    const change = { content: `state ${state}`, tags: [`${state}`], metadata: { state } }
    const { version } = await om.updateMemory(id, change)
    writeSync(file, `${id} ${version}\n`)
    acknowledged += 1
    if (acknowledged === 100) end()
  }
}

function end() {
  if (ending === 'exit') process.exit(0)
  if (ending === 'throw') {
    setImmediate(() => {
      throw new Error('on purpose')
    })
  }
  if (ending === 'reject') Promise.reject(new Error('on purpose'))
  if (ending === 'SIGTERM' || ending === 'SIGINT') process.kill(process.pid, ending)
  // Does not close: the process ends by itself once its work is done.
  if (ending === 'forget') stopping = true
}

await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)))
