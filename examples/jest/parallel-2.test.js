const { temporaryMemory } = require('./temporary-memory')

// Runs beside the other files, in a worker process of its own.
test('memories of other files are not seen', async () => {
  const om = temporaryMemory()
  await om.addMemory({ content: 'memory of file 2' })
  expect((await om.listMemories()).memories.map(({ content }) => content)).toEqual(['memory of file 2'])
})
