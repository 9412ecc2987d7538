// Adds memories and allocates until the process runs out of memory. Records each acknowledged id in a file, since messages
// may be lost then.
import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, acknowledgedFile] = process.argv.slice(2)
const file = openSync(acknowledgedFile, 'a')
const om = new OpenMemory({ path, embedder: 'test' })
const allocated = []
const write = async (writer) => {
  for (let n = 0; ; n++) {
    const { id } = await om.addMemory({ id: `${writer}-${n}`, content: `note ${n} ${'of many words '.repeat(2000)}` })
    writeSync(file, `${id}\n`)
    allocated.push(Buffer.alloc(8 << 20, 1))
  }
}
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
