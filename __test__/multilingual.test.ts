// The multilingual model is a package of its own: new stores use it where it is installed, others keep their model. Without
// its files, which `npm run build:multilingual` makes, the tests that need them report that they were skipped.

import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { examplesOf, printedBy, projectWithPackage, ROOT, read } from './helpers/markdown'
import { openModelStore } from './helpers/store'

const PACKAGE = 'model-multilingual'
const modelTest = existsSync(join(ROOT, 'npm', PACKAGE, 'tokenizer.json')) ? test : test.skip
const GUIDE = examplesOf(read('docs/guide/languages.md'))

test('without its package, the model is refused with what to install', () => {
  expect(() => new OpenMemory({ embedder: 'multilingual' })).toThrow(
    expect.objectContaining({
      ...{ code: 'INVALID_ARGUMENT', details: expect.objectContaining({ field: 'embedder' }) },
      message: expect.stringContaining('npm install @openmemory/model-multilingual'),
    }),
  )
})

modelTest.each(GUIDE)('the example about $output is found', (example) => {
  expect(printedBy(example, PACKAGE)).toBe(example.output)
})

test('the guide has eight languages', () => {
  expect(GUIDE.length).toBeGreaterThan(8)
})

modelTest('a new store uses the model where it is installed', () => {
  expect(
    inProject(`const om = new OpenMemory({ path: 'new' })
    await om.addMemory({ content: 'Ich mag Tee.' })
    console.log((await om.stats()).model.id)`),
  ).toMatch(/^multilingual-e5-small@/)
})

modelTest('a store that the shipped model has filled keeps it, until it is reindexed', async () => {
  const project = projectWithPackage(PACKAGE)
  const shipped = openModelStore(join(project, 'old'))
  await shipped.addMemory({ id: 'a', content: 'The dentist is on Tuesday.' })
  const { model } = await shipped.stats()
  await shipped.close()
  const printed = inProject(
    `const model = async (om) => { const { model } = await om.stats(); await om.close(); return model.id }
    const kept = new OpenMemory({ path: 'old' })
    await kept.addMemory({ content: 'A second text.' })
    console.log(await model(kept))
    const asked = new OpenMemory({ path: 'old', embedder: 'multilingual' })
    console.log(await asked.searchMemories('dentist').catch(({ code }) => code))
    await asked.reindex()
    console.log((await asked.searchMemories('Wann muss ich zum Zahnarzt?'))[0].id)
    await asked.close()
    console.log(await model(new OpenMemory({ path: 'old' })))`,
    project,
  )
  expect(printed.trim().split('\n')).toEqual([
    ...[model?.id, 'MODEL_MISMATCH', 'a'],
    expect.stringMatching(/^multilingual-e5-small@/),
  ])
})

/** What a program prints in a project that has this package and the model's. */
function inProject(program: string, project = projectWithPackage(PACKAGE)): string {
  writeFileSync(join(project, 'program.mjs'), `import { OpenMemory } from '@openmemory/sdk'\n${program}\n`)
  return execFileSync(process.execPath, ['program.mjs'], { cwd: project, encoding: 'utf8' })
}
