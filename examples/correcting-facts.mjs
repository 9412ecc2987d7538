// A fact that changes stays one memory: found by what is true now, with what was said before, why it changed, and a way
// back. `node examples/correcting-facts.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory, VersionConflictError } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path, userId: 'ada' })

const { id, version } = await om.addMemory({ content: 'Ada works at Initech as a developer', tags: ['work'] })
await om.updateMemory(
  id,
  { content: 'Ada works at Hooli as a team lead', metadata: { since: '2026-03' } },
  { actor: 'assistant', reason: 'told in chat 12' },
)

// A second writer that read version 1 is told, rather than undoing the correction.
const late = await om.updateMemory(id, { tags: ['job'] }, { ifVersion: version }).catch((error) => error)
console.log(late instanceof VersionConflictError, late.version)

// What was mistaken is undone by a version that says what an earlier one said.
await om.updateMemory(id, { content: 'Ada works at Globex' }, { actor: 'import', reason: 'old address book' })
await om.restoreMemory(id, 2)

for (const { version, event, changes, actor = 'somebody', reason = 'no reason given' } of await om.getHistory(id)) {
  console.log(`${version} ${event} ${changes.map(({ field }) => field)} by ${actor}: ${reason}`)
}
const [now] = await om.searchMemories('Where does Ada work?')
console.log(now.content, now.metadata)

await om.close()
rmSync(path, { recursive: true })

// Prints:
// true 2
// 4 RESTORE content by somebody: no reason given
// 3 UPDATE content by import: old address book
// 2 UPDATE content,metadata.since by assistant: told in chat 12
// 1 ADD  by somebody: no reason given
// Ada works at Hooli as a team lead { since: '2026-03' }
