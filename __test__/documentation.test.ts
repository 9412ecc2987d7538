// Every public method says in index.d.ts what it takes, returns and throws, with an example that compiles and prints what
// its comments say.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import ts from 'typescript'
import { projectWithPackage, ROOT, read } from './helpers/markdown'

interface Documented {
  name: string
  parameters: string[]
  tags: ts.JSDocTag[]
  example: string
}

const contract = join(ROOT, 'index.d.ts')
const source = ts.createSourceFile(contract, read('index.d.ts'), ts.ScriptTarget.ES2022, true)
const DOCUMENTED = source.statements.flatMap((statement) => {
  if (ts.isFunctionDeclaration(statement)) return [documented(statement)]
  if (!ts.isClassDeclaration(statement) || statement.name?.text !== 'OpenMemory') return []
  return [documented(statement), ...statement.members.map(documented)]
})

function documented(node: ts.Node): Documented {
  const { name, parameters = [] } = node as ts.MethodDeclaration
  const tags = ts.getJSDocTags(node).map((tag) => tag as ts.JSDocTag)
  const example = tags.find(({ tagName }) => tagName.text === 'example')
  const [, code = ''] = /```ts\n(.*?)```/s.exec(ts.getTextOfJSDocComment(example?.comment) ?? '') ?? []
  return {
    name: name?.getText() ?? 'constructor',
    parameters: parameters.map((parameter) => parameter.name.getText()),
    tags,
    example: code,
  }
}

test('index.d.ts documents all methods', () => {
  expect(DOCUMENTED.map(({ name }) => name)).toEqual(expect.arrayContaining(['constructor', 'updateMemory', 'doctor']))
  expect(DOCUMENTED.length).toBeGreaterThan(25)
})

test.each(DOCUMENTED.slice(1))('$name says what it takes, returns and throws, with an example', (documented) => {
  const { name, parameters, tags, example } = documented
  const texts = (tag: string) =>
    tags.filter(({ tagName }) => tagName.text === tag).map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
  const described = tags.filter(ts.isJSDocParameterTag).map((tag) => tag.name.getText())
  expect(described).toEqual(parameters)
  for (const text of [...texts('param'), ...texts('returns'), ...texts('throws')]) expect(text).not.toBe('')
  expect({ returns: texts('returns').length, throws: texts('throws').length > 0, example: example !== '' }).toEqual({
    returns: name === 'constructor' ? 0 : 1,
    throws: true,
    example: true,
  })
})

test('the examples compile', () => {
  const file = join(__dirname, 'examples-of-the-contract.ts')
  const text = [
    "import { checkModel, doctor, OpenMemory } from '@openmemory/sdk'",
    ...DOCUMENTED.map(
      ({ example }, at) => `export async function example${at}(om: OpenMemory, id: string) {{${example}}}`,
    ),
  ].join('\n')
  const options: ts.CompilerOptions = {
    ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, strict: true, noUncheckedIndexedAccess: true },
    ...{ lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'], types: ['node'], noEmit: true, skipLibCheck: true },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (name) => name === file || fileExists(name)
  host.readFile = (name) => (name === file ? text : readFile(name))
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest)
  const found = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
})

test('the examples print what their comments say', () => {
  const project = projectWithPackage()
  const target = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const run = DOCUMENTED.map(({ name, example }) => {
    const body = ts.transpileModule(`async function run(om, id, console) {{${example}}}`, { compilerOptions: target })
    return `examples.push([${JSON.stringify(name)}, (() => { ${body.outputText}; return run })()])`
  })
  writeFileSync(join(project, 'examples.mjs'), `${RUNNER_BEGIN}\n${run.join('\n')}\n${RUNNER_END}`)
  const ended = spawnSync(process.execPath, ['examples.mjs'], { cwd: project, encoding: 'utf8' })
  // A process that was killed prints nothing, so how it ended is compared too.
  expect(ended).toMatchObject({ status: 0, signal: null, stderr: '' })
  const printed = JSON.parse(ended.stdout)
  expect(printed).toEqual(DOCUMENTED.map(({ name, example }) => [name, expectedOutput(example)]))
})

const RUNNER_BEGIN = `
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { checkModel, doctor, OpenMemory } from '@openmemory/sdk'
const [examples, printed] = [[], []]
`
const RUNNER_END = `
const home = process.cwd()
for (const [name, run] of examples) {
  process.chdir(mkdtempSync(join(home, 'example-')))
  const om = new OpenMemory({ path: './store', embedder: 'test' })
  const memory = { content: 'Ada drinks tea', tags: ['taste'], metadata: { source: 'chat' }, user_id: 'ada' }
  const { id } = await om.addMemory(memory)
  const lines = []
  await run(om, id, { log: (...values) => lines.push(format(...values)), error: () => {} })
  await om.close()
  printed.push([name, lines])
}
process.stdout.write(JSON.stringify(printed))
`

/** The expected output of an example, from comments after or below a statement that logs. */
function expectedOutput(example: string): string[] {
  return [...example.matchAll(/(?:console\.log\(.*\) |^)\/\/ (.*)/gm)].map(([, text]) => text as string)
}
