// The snippet of the published "Update Memory" page, run as printed, in a project that has the package installed.

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { freshDirectory, openModelStore } from './helpers/store'

const SNIPPET = `import { OpenMemory } from "@openmemory/sdk";

const om = new OpenMemory({ apiKey: "your_api_key" });

// Update memory
const result = await om.updateMemory("mem_7k9n2x4p8q", {
  content: "GraphQL provides strongly-typed API queries with introspection",
  tags: ["graphql", "api", "typescript", "web-development"],
  metadata: {
    category: "web_development",
    verified: true,
    updated_by: "user_123",
  },
});

console.log(\`Updated version: \${result.version}\`);
`

test('the published snippet runs as printed and gives the documented fields', async () => {
  const project = freshDirectory()
  const store = join(project, '.openmemory')
  mkdirSync(join(project, 'node_modules', '@openmemory'), { recursive: true })
  symlinkSync(resolve(__dirname, '..'), join(project, 'node_modules', '@openmemory', 'sdk'), 'junction')
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 }
  writeFileSync(join(project, 'snippet.mjs'), transpileModule(SNIPPET, { compilerOptions }).outputText)

  const before = openModelStore(store)
  await before.addMemory({ id: 'mem_7k9n2x4p8q', content: 'GraphQL is untyped', metadata: { source: 'blog' } })
  await before.close()

  const { OPENMEMORY_PATH: _path, OPENMEMORY_URL: _url, ...env } = process.env
  const printed = execFileSync(process.execPath, ['snippet.mjs'], { cwd: project, env, encoding: 'utf8' })
  expect(printed).toBe('Updated version: 2\n')

  const updated = await openModelStore(store).getMemory('mem_7k9n2x4p8q')
  expect(updated).toMatchObject({
    id: 'mem_7k9n2x4p8q',
    content: 'GraphQL provides strongly-typed API queries with introspection',
    tags: ['graphql', 'api', 'typescript', 'web-development'],
    metadata: { source: 'blog', category: 'web_development', verified: true, updated_by: 'user_123' },
    version: 2,
    updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  })
  expect(updated.sectors.length).toBeGreaterThan(0)
  expect(updated.primary_sector).toBe(updated.sectors[0])
})
