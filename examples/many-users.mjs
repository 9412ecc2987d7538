// One store for many users. `userId` limits an object to one user and `user_id` in filters limits one call; runs, tags
// and metadata narrow a search. `node examples/many-users.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })

await om.addMemories([
  { user_id: 'ada', content: 'Ada is allergic to nuts', tags: ['health'] },
  { user_id: 'ada', run_id: 'trip', content: 'The hotel in Porto is booked for May', metadata: { nights: 3 } },
  { user_id: 'bob', content: 'Bob is allergic to cats', tags: ['health'] },
  { user_id: 'bob', run_id: 'trip', content: 'The hotel in Rome is booked for June', metadata: { nights: 7 } },
])

const allergies = async (user_id) => {
  const [hit] = await om.searchMemories('Which allergies are there?', { filters: { user_id, tags: 'health' } })
  return hit.content
}
console.log(await allergies('ada'), '|', await allergies('bob'))

// An object with `userId` shares the store and by default sees only that user's memories.
const bobs = new OpenMemory({ path, userId: 'bob' })
const long = await bobs.searchMemories('hotel', { filters: { run_id: 'trip', 'metadata.nights': { gte: 5 } } })
console.log(long.map(({ content }) => content))

// Deleting the memories of a user removes content, vectors and history.
console.log((await om.deleteMemories({ filters: { user_id: 'ada' } })).deleted)
console.log((await om.listMemories()).memories.map(({ user_id }) => user_id))

await Promise.all([om.close(), bobs.close()])
rmSync(path, { recursive: true })

// Prints:
// Ada is allergic to nuts | Bob is allergic to cats
// [ 'The hotel in Rome is booked for June' ]
// 2
// [ 'bob', 'bob' ]
