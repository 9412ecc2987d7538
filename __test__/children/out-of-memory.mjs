// Adds memories, and keeps as much memory as it gets, until it gets none and the process ends. Tells each acknowledged
// id by a file, since messages may be lost then.
import { openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, told] = process.argv.slice(2)
const file = openSync(told, 'a')
const om = new OpenMemory({ path, embedder: 'test' })
const kept = []
const write = async (writer) => {
  for (let n = 0; ; n++) {
    const { id } = await om.addMemory({ id: `${writer}-${n}`, content: `note ${n} ${'of many words '.repeat(2000)}` })
    writeSync(file, `${id}\n`)
    kept.push(Buffer.alloc(8 << 20, 1))
  }
}
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
