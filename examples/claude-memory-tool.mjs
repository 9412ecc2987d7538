// Claude's memory tool over memories instead of files: Anthropic's SDK runs the commands that Claude calls, and every edit
// is a version. `node examples/claude-memory-tool.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { betaMemoryTool } from '@anthropic-ai/sdk/helpers/beta/memory'
import { OpenMemory } from '@openmemory/sdk'
import { memoryToolHandlers, searchMemoryFiles } from '@openmemory/sdk/anthropic'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
// For a real conversation: client.beta.messages.toolRunner({ model, messages, tools: [memory], … })
const memory = betaMemoryTool(memoryToolHandlers(om, { userId: 'ada' }))

const file = { path: '/memories/ada.md' }
console.log(await memory.run({ command: 'create', ...file, file_text: '# Ada\nlives in Lisbon' }))
await memory.run({ command: 'str_replace', ...file, old_str: 'Lisbon', new_str: 'Porto' })
console.log(await memory.run({ command: 'view', ...file }))

const [found] = await searchMemoryFiles(om, 'Where does Ada live?', { userId: 'ada' })
const [{ id }] = (await om.listMemories()).memories
console.log(found.path, (await om.getHistory(id)).length, 'versions')
await om.close()
rmSync(path, { recursive: true })

// Prints:
// File created successfully at: /memories/ada.md
// Here's the content of /memories/ada.md with line numbers:
//      1	# Ada
//      2	lives in Porto
// /memories/ada.md 2 versions
