const { temporaryMemory } = require('./temporary-memory')

// Runs concurrently with the other files, in a separate worker process.
test('a test does not see memories of other files', async () => {
  const om = temporaryMemory()
  await om.addMemory({ content: 'memory of file 1' })
  expect((await om.listMemories()).memories.map(({ content }) => content)).toEqual(['memory of file 1'])
})
