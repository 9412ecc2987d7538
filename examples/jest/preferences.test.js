const { Preferences } = require('./preferences')
const { temporaryMemory } = require('./temporary-memory')

test('a preference that changes stays one memory', async () => {
  const om = temporaryMemory()
  const preferences = new Preferences(om)
  const first = await preferences.set('drink', 'Ada drinks tea')
  const second = await preferences.set('drink', 'Ada drinks coffee', 'she said so')
  expect(second).toMatchObject({ id: first.id, version: 2 })
  expect((await om.getHistory(first.id))[0].reason).toBe('she said so')
})

test('a question finds the preference that shares its words', async () => {
  const preferences = new Preferences(temporaryMemory())
  await preferences.set('drink', 'Ada drinks tea')
  await preferences.set('seat', 'Ada likes to sit at the window')
  expect(await preferences.about('Does Ada sit at the window?')).toBe('Ada likes to sit at the window')
})

test('each test begins with an empty store', async () => {
  expect(await new Preferences(temporaryMemory()).about('anything')).toBeUndefined()
})
