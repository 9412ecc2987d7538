// Uses a store while the process cannot open files, and again once it can.
import { closeSync, openSync } from 'node:fs'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [open, unopened] = process.argv.slice(2)
const code = (call) =>
  call.then(
    () => 'done',
    (error) => error.code,
  )
const first = new OpenMemory({ path: open, embedder: 'test' })
const { id } = await first.addMemory({ content: 'before' })
const taken = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch (error) {
  if (error.code !== 'EMFILE') throw error
}
const second = new OpenMemory({ path: unopened, embedder: 'test' })
const result = {
  opening: await code(second.addMemory({ content: 'x' })),
  writing: await code(first.updateMemory(id, { content: 'meanwhile' })),
  reading: await code(first.searchMemories('meanwhile')),
}
for (const file of taken) closeSync(file)
result.openingAgain = await code(second.addMemory({ content: 'x' }))
result.content = (await first.getMemory(id)).content
await Promise.all([first.close(), second.close()])
process.send(result)
process.disconnect()
