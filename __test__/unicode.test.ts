// Any well-formed Unicode is kept byte for byte; what is not well-formed is refused.

import { expect, test } from '@jest/globals'
import type { ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

const TEXTS = [
  'Größe, naïve, Ærøskøbing',
  '日本語のテキストと中文',
  'שלום עולם مرحبا',
  'emoji 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽',
  'e\u0301 is not é',
  'Z̷̢̛a̴͝l̵̛g̸o̷',
  'nul \u0000, bell \u0007, bom \ufeff, separators \u2028 \u2029',
  'quotes " \\ / \b \f \n \r \t',
  'outside the basic plane: 𝒳 𠮷 \u{10ffff}',
]

test.each(TEXTS)('%j survives as content, tag and metadata, also in another process life', async (text) => {
  const path = freshDirectory()
  const before = openStore({ path })
  const made = await before.addMemory({ content: text, tags: [text], metadata: { [text]: text }, user_id: text })
  await before.close()
  const after = openStore({ path })
  const read = await after.getMemory(made.id)
  expect(read).toMatchObject({ content: text, tags: [text], user_id: text })
  expect(Object.entries(read.metadata)).toEqual([[text, text]])
  const { memories } = await after.listMemories({ filters: { tags: text, user_id: text } })
  expect(memories.map(({ id }) => id)).toEqual([made.id])
})

test('metadata keys that mean something to JavaScript are keys like any other', async () => {
  const om = openStore()
  const metadata = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1, "toString": "x", "hasOwnProperty": 2}')
  const { id } = await om.addMemory({ content: 'keys', metadata })
  const read = await om.getMemory(id)
  expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata))
  expect((read.metadata as { admin?: boolean }).admin).toBeUndefined()

  const updated = await om.updateMemory(id, { metadata: JSON.parse('{"__proto__": null, "constructor": 2}') })
  expect(Object.hasOwn(updated.metadata, '__proto__')).toBe(false)
  expect(updated.metadata.constructor).toBe(2)
})

test.each([
  ['content', { content: 'broken \ud83d' }],
  ['tags[1]', { tags: ['fine', '\udc00'] }],
  ['metadata.a.b[0]', { metadata: { a: { b: ['\ud800x'] } } }],
  ['metadata', { metadata: { '\ud800': 1 } }],
])('a lone surrogate in %s is refused', async (field, patch) => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'whole' })
  const error = await refusal<ValidationError>(om.updateMemory(id, patch))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field })
  expect((await om.getMemory(id)).version).toBe(1)
})

test('a lone surrogate in a query, an id or a filter is refused', async () => {
  const om = openStore()
  const codes = [
    await refusal(om.searchMemories('\ud800')),
    await refusal(om.getMemory('\ud800')),
    await refusal(om.listMemories({ filters: { tags: '\ud800' } })),
  ].map(({ code }) => code)
  expect(codes).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'])
})
