// Serves a directory, reports the port, and adds the memories that the parent sends, until the parent disconnects.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const [path, options] = process.argv.slice(2)
const { languageModel, ...served } = JSON.parse(options)
const om = new OpenMemory({ path, embedder: 'test', languageModel })
const server = await om.serve({ port: 0, ...served })
process.on('message', (memory) => {
  om.addMemory(memory).then(
    ({ version }) => process.send({ version }),
    ({ code }) => process.send({ code }),
  )
})
process.on('disconnect', () => om.close().then(() => process.exit(0)))
process.send({ port: server.port })
