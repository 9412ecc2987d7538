// With onConflict: 'replace', a memory whose id is taken becomes the next version of the memory that has it.

import { expect, test } from '@jest/globals'
import type { NewMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

const THEME: NewMemory = {
  ...{ id: 'theme', content: 'Ada likes a dark theme', user_id: 'ada', tags: ['ui'] },
  ...{ metadata: { from: 'chat', sure: true }, expires_at: '2100-01-01T00:00:00.000Z' },
}
const REPLACE = { onConflict: 'replace' } as const

test('an id that is taken is refused unless onConflict says otherwise', async () => {
  const om = openStore()
  const first = await om.addMemory(THEME, REPLACE)
  expect(first).toMatchObject({ id: 'theme', version: 1 })
  expect(first).not.toHaveProperty('existed')
  expect(await refusal(om.addMemory(THEME))).toMatchObject({ code: 'VERSION_CONFLICT' })
  expect(await om.addMemory({ ...THEME, content: 'new' }, { onConflict: 'skip' })).toMatchObject({
    ...{ id: 'theme', version: 1, content: THEME.content, existed: true },
  })
  const overridden = await om.addMemories([{ ...THEME, onConflict: 'report' }, THEME], REPLACE)
  expect(overridden).toMatchObject([
    { ok: false, id: 'theme', error: { code: 'VERSION_CONFLICT' } },
    { ok: true, memory: { version: 2 } },
  ])
  const wrong = { onConflict: 'overwrite' } as never
  expect(await refusal(om.addMemory(THEME, wrong))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'onConflict' })
})

test('replacing is one version with the fields of the new memory and nothing else', async () => {
  const om = openStore()
  const first = await om.addMemory(THEME)
  const [replaced] = await om.addMemories(
    [{ id: 'theme', content: 'Ada likes a light theme', user_id: 'ada', metadata: { by: 'form' } }],
    { ...REPLACE, atomic: true },
  )
  expect(replaced).toMatchObject({ ok: true, memory: { version: 2, tags: [], existed: true } })
  const now = await om.getMemory('theme')
  expect(now).toMatchObject({ content: 'Ada likes a light theme', tags: [], metadata: { by: 'form' }, version: 2 })
  expect(now.metadata).toEqual({ by: 'form' })
  expect(now).not.toHaveProperty('expires_at')
  expect(now.created_at).toBe(first.created_at)
  expect((await om.getHistory('theme')).map(({ event }) => event)).toEqual(['UPDATE', 'ADD'])
  const found = await om.searchMemories('light theme', { filters: { user_id: 'ada' } })
  expect(found.map(({ content }) => content)).toEqual(['Ada likes a light theme'])
  expect(await om.restoreMemory('theme', 1)).toMatchObject({ content: THEME.content, metadata: THEME.metadata })
})

test('a memory of another scope is neither replaced nor shown', async () => {
  const om = openStore()
  await om.addMemory(THEME)
  for (const onConflict of ['replace', 'skip'] as const) {
    for (const other of [{ user_id: 'bob' }, { run_id: 'r' }]) {
      const refused = await refusal(om.addMemory({ ...THEME, ...other, content: 'mine now' }, { onConflict }))
      expect(refused).toMatchObject({ code: 'VERSION_CONFLICT' })
    }
  }
  expect(await om.getMemory('theme')).toMatchObject({ version: 1, content: THEME.content })
})

test('an immutable memory is not replaced, and a deleted one is added again', async () => {
  const om = openStore()
  await om.addMemory({ ...THEME, immutable: true })
  expect(await refusal(om.addMemory(THEME, REPLACE))).toMatchObject({ code: 'IMMUTABLE' })
  await om.deleteMemory('theme')
  expect(await om.addMemory(THEME, REPLACE)).toMatchObject({ version: 1 })
})

test('of a hundred that race for one id, none is lost', async () => {
  const om = openStore()
  const racing = Array.from({ length: 100 }, (_, n) => om.addMemory({ id: 'n', content: `number ${n}` }, REPLACE))
  const versions = (await Promise.all(racing)).map(({ version }) => version)
  expect(versions.sort((one, other) => one - other)).toEqual(versions.map((_, n) => n + 1))
})

test('operations replace too, and are undone', async () => {
  const om = openStore()
  await om.addMemory(THEME)
  const results = await om.applyOperations([{ add: { ...THEME, content: 'Ada likes blue', onConflict: 'replace' } }])
  expect(results).toMatchObject([{ ok: true, memory: { event: 'UPDATE', version: 2 } }])
  await om.undoOperations(results)
  expect(await om.getMemory('theme')).toMatchObject({ content: THEME.content, version: 3 })
})
