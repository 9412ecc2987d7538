// Every example of docs/guide/correcting-memories.md, and the one of OpenMemory's page, as printed: by a shell and the real curl.

import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { serve } from '../helpers/server'

const KEY = 'default-key-0123456789'
const run = promisify(execFile)
const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'guide', 'correcting-memories.md'), 'utf8')
const EXAMPLES = [...PAGE.matchAll(/^```sh\n(.*?)^```\n\n^```json\n(.*?)^```/gms)].map(([, command, answers]) => ({
  command: command as string,
  answers: (answers as string)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)),
}))

const PUBLISHED = `curl -X PATCH https://your-domain.com/memory/mem_7k9n2x4p8q \\
  -H "Content-Type: application/json" \\
  -H "X-API-Key: your_api_key" \\
  -d '{
    "content": "Kubernetes orchestrates containerized applications at scale",
    "tags": ["kubernetes", "containers", "orchestration", "devops"],
    "metadata": {
      "category": "devops",
      "difficulty": "advanced",
      "verified": true
    }
  }'`

async function remember(om: OpenMemory): Promise<void> {
  for (const id of ['mem_7k9n2x4p8q', 'mem_xyz', 'mem_task_123', 'mem_1', 'mem_2', 'mem_3']) {
    const metadata = { source: 'chat', draft: true }
    await om.addMemory({ id, content: 'Python is a programming language', tags: ['old'], metadata })
  }
}

/** What a command prints where only the server's address and the key are others. */
async function printed(command: string, url: string): Promise<string[]> {
  const here = command
    .replaceAll(/http:\/\/localhost:8080|https:\/\/your-domain\.com/g, url)
    .replaceAll('your_api_key', KEY)
  const { stdout } = await run('bash', ['-c', here])
  return stdout.trim().split('\n')
}

const missing = ['curl', 'bash'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
if (missing.length > 0) {
  console.warn(`SKIPPED: the curl examples were not tried. There is no ${missing.join(' and no ')} here`)
  test.skip('the curl examples', () => {})
} else {
  test('every example of the document prints the response below it', async () => {
    const { store, server } = await serve({ apiKeys: [`default=${KEY}`] })
    await remember(store)
    expect(EXAMPLES.length).toBeGreaterThan(10)
    expect(PAGE.match(/^```sh/gm)).toHaveLength(EXAMPLES.length)
    for (const { command, answers } of EXAMPLES) {
      const responses = (await printed(command, server.url)).map((line) => JSON.parse(line))
      expect({ command, responses }).toMatchObject({ command, responses: answers })
    }
    expect((await store.getMemory('mem_7k9n2x4p8q')).metadata).not.toHaveProperty('draft')
  }, 30_000)

  test('the example of the published page has the documented effect', async () => {
    const { store, server } = await serve({ apiKeys: [`default=${KEY}`] })
    await remember(store)
    const [answer] = await printed(PUBLISHED, server.url)
    expect(JSON.parse(answer as string)).toMatchObject({
      id: 'mem_7k9n2x4p8q',
      content: 'Kubernetes orchestrates containerized applications at scale',
      tags: ['kubernetes', 'containers', 'orchestration', 'devops'],
      metadata: { source: 'chat', category: 'devops', difficulty: 'advanced', verified: true },
      ...{ version: 2, updated_at: expect.any(String), sectors: expect.any(Array), primary_sector: expect.any(String) },
    })
  })
}
