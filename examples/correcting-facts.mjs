// A fact that changes stays one memory. Searches find its current content, and its history shows earlier contents, the
// reasons for the changes, and a way back. `node examples/correcting-facts.mjs`

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

// A second writer that read version 1 gets an error instead of overwriting the correction.
const late = await om.updateMemory(id, { tags: ['job'] }, { ifVersion: version }).catch((error) => error)
console.log(late instanceof VersionConflictError, late.version)

// To undo a mistake, restore an earlier version as a new one.
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
// 4 RESTORE content,valid_from by somebody: no reason given
// 3 UPDATE content,valid_from by import: old address book
// 2 UPDATE content,metadata.since,valid_from by assistant: told in chat 12
// 1 ADD  by somebody: no reason given
// Ada works at Hooli as a team lead { since: '2026-03' }
