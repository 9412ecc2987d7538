// Whether a model file can be the embedder of a store: it is tried, and what keeps it from running is named.

import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { checkModel, OpenMemory } from '@openmemory/sdk'
import { ROOT } from './helpers/markdown'
import { refusal } from './helpers/refusal'
import { freshDirectory } from './helpers/store'

const CLI = join(ROOT, 'dist', 'cli', 'index.js')
const SHIPPED = join(ROOT, 'model', 'all-MiniLM-L6-v2.onnx')
const TOKENIZER = join(ROOT, 'model', 'tokenizer.json')
const SMALL = join(ROOT, 'crates', 'openmemory-embedding', 'tests', 'small_models')
const small = (name: string) => join(SMALL, `${name}.onnx`)

const run = promisify(execFile)

/** A model's folder as its publisher has it. */
function published(name: string, files: Record<string, object> = {}): string {
  const folder = join(freshDirectory(), name)
  mkdirSync(join(folder, 'onnx'), { recursive: true })
  copyFileSync(small('token_states'), join(folder, 'onnx', 'model.onnx'))
  copyFileSync(TOKENIZER, join(folder, 'tokenizer.json'))
  for (const [file, value] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), JSON.stringify(value))
  }
  return folder
}

test('the shipped model runs, and what is found is an embedder', async () => {
  const check = await checkModel(SHIPPED)
  expect(check).toEqual({
    ...{ runs: true, problems: [], model: SHIPPED, tokenizer: TOKENIZER, notes: [] },
    ...{ dimensions: 384, pooled: false, trial: { asked: 8, found: expect.any(Number) } },
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['batch', 'length'] }],
    outputs: [{ name: expect.any(String), type: 'float', shape: ['batch', 'length', '384'] }],
    settings_from: ['the name minilm'],
    times: [12, 30, 125].map((tokens) => ({ tokens, ms: expect.any(Number) })),
    ...{ load_ms: expect.any(Number), memory: expect.any(Number) },
    embedder: { model: SHIPPED, tokenizer: TOKENIZER, pooling: 'mean' },
  })
  expect(check.trial?.found).toBeGreaterThan(6)
  const om = new OpenMemory({ path: freshDirectory(), embedder: check.embedder })
  await om.addMemory({ content: 'Ada drinks tea' })
  expect((await om.stats()).model).toMatchObject({ id: expect.stringMatching(/^all-MiniLM-L6-v2@/), dimensions: 384 })
  await om.close()
})

test('settings are those of the files beside the model, whatever its name', async () => {
  const folder = published('bge-small-en', {
    '1_Pooling/config.json': { pooling_mode_cls_token: false, pooling_mode_mean_tokens: true },
    'config_sentence_transformers.json': { prompts: { query: 'ask: ', document: 'text: ' } },
  })
  const { embedder, settings_from } = await checkModel(folder)
  expect(embedder).toEqual({
    ...{ model: join(folder, 'onnx', 'model.onnx'), tokenizer: join(folder, 'tokenizer.json') },
    ...{ pooling: 'mean', queryPrefix: 'ask: ', passagePrefix: 'text: ' },
  })
  expect(settings_from).toEqual([
    join(folder, '1_Pooling', 'config.json'),
    join(folder, 'config_sentence_transformers.json'),
  ])
})

test.each([
  ['bge-small-en-v1.5', { pooling: 'cls', queryPrefix: 'Represent this sentence for searching relevant passages: ' }],
  ['multilingual-e5-base', { pooling: 'mean', queryPrefix: 'query: ', passagePrefix: 'passage: ' }],
  ['gte-base', { pooling: 'mean' }],
  ['gte-multilingual-base', { pooling: 'cls' }],
  ['snowflake-arctic-embed-m-v2.0', { pooling: 'cls', queryPrefix: 'query: ' }],
  ['nomic-embed-text-v1.5', { pooling: 'mean', queryPrefix: 'search_query: ', passagePrefix: 'search_document: ' }],
])('%s is known by its name', async (name, settings) => {
  const folder = published(name)
  const { embedder } = await checkModel(folder)
  const { model, tokenizer, ...found } = embedder ?? {}
  expect(found).toEqual(settings)
})

test('what is given counts before files and names; without either both ways of pooling are tried', async () => {
  const folder = published('bge-small-en')
  const { embedder } = await checkModel(folder, { pooling: 'mean', queryPrefix: 'ask: ' })
  expect(embedder).toMatchObject({ pooling: 'mean', queryPrefix: 'ask: ' })
  const unknown = await checkModel(small('token_states'), { tokenizer: TOKENIZER })
  expect(unknown).toMatchObject({
    runs: true,
    settings_from: ['trial'],
    notes: [expect.stringMatching(/prefixes/), expect.stringMatching(/only . of 8/)],
  })
  const pooled = await checkModel(small('pooled'), { tokenizer: TOKENIZER })
  expect(pooled).toMatchObject({ runs: true, pooled: true, dimensions: 8 })
  expect(pooled.embedder).toEqual({ model: small('pooled'), tokenizer: TOKENIZER })
})

test('what keeps a model from running is named, all of it', async () => {
  const folder = freshDirectory()
  const file = join(folder, 'model.onnx')
  const harmed = async (bytes: Buffer | string) => {
    writeFileSync(file, bytes)
    const check = await checkModel(file)
    expect(check).toMatchObject({ runs: false })
    expect(check).not.toHaveProperty('embedder')
    return check.problems
  }
  const states = readFileSync(small('token_states'))
  const operator = Buffer.from(states)
  operator.write('Gopher', operator.lastIndexOf('Gather'))
  const missing = { file: join(folder, 'tokenizer.json'), problem: expect.stringMatching(/tokenizer\.json/) }
  expect(await harmed(operator)).toEqual([{ file, problem: expect.stringMatching(/operator Gopher/) }, missing])
  expect(await harmed(states)).toEqual([missing])
  copyFileSync(TOKENIZER, join(folder, 'tokenizer.json'))
  expect(await harmed(states.subarray(0, 60))).toEqual([{ file, problem: expect.stringMatching(/not an ONNX file/) }])
  expect(await harmed('')).toEqual([{ file, problem: expect.stringMatching(/not an ONNX file/) }])
  expect(await harmed(readFileSync(small('other_input')))).toEqual([
    { file, problem: expect.stringMatching(/inputs pixels/) },
    { file, problem: expect.stringMatching(/no input input_ids/) },
  ])
  expect(await harmed(readFileSync(small('small_vocabulary')))).toEqual([
    { file, problem: expect.stringMatching(/tokenizer/) },
  ])
  writeFileSync(join(folder, 'tokenizer.json'), '{}')
  expect(await harmed(states)).toEqual([
    { file: join(folder, 'tokenizer.json'), problem: expect.stringMatching(/not a usable tokenizer\.json/) },
  ])
})

test('what the model needs and nothing here does is a problem, or a note', async () => {
  const last = await checkModel(published('m', { '1_Pooling/config.json': { pooling_mode_lasttoken: true } }))
  expect(last).toMatchObject({ runs: false, problems: [{ problem: expect.stringMatching(/the last token/) }] })
  const modules = [{ type: 'sentence_transformers.models.Transformer' }, { type: 'sentence_transformers.models.Dense' }]
  const dense = await checkModel(published('embeddinggemma-300m', { 'modules.json': modules }))
  expect(dense).toMatchObject({ runs: true, notes: [expect.stringMatching(/Dense/), expect.any(String)] })
})

test('wrong arguments are refused', async () => {
  const field = async (call: Promise<unknown>) => (await refusal(call)).details.field
  expect(await field(checkModel(''))).toBe('model')
  expect(await field(checkModel(freshDirectory()))).toBe('model')
  expect(await field(checkModel(SMALL))).toBe('model')
  expect(await field(checkModel(SHIPPED, { pooling: 'max' as 'mean' }))).toBe('pooling')
  expect(await field(checkModel(SHIPPED, { window: 3 } as object))).toBe('window')
})

test('the command prints what to paste, and fails with a reason', async () => {
  const { stdout } = await run(process.execPath, [CLI, 'model', 'check', SHIPPED])
  expect(stdout).toMatch(/It runs\.[\s\S]*input_ids int64 \[batch, length\][\s\S]*384 dimensions[\s\S]*for 12 tokens/)
  const [, pasted = ''] = /embedder: (\{[\s\S]*\})/.exec(stdout) ?? []
  expect(new Function(`return (${pasted})`)()).toEqual({ model: SHIPPED, tokenizer: TOKENIZER, pooling: 'mean' })

  const ended = async (...args: string[]) =>
    (await run(process.execPath, [CLI, 'model', ...args]).catch((error: object) => error)) as {
      code: number
      stdout: string
    }
  expect(await ended('check', small('token_states'))).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/does not run:\n.*tokenizer\.json/),
  })
  const asJson = await ended('check', small('other_input'), '--json', '--tokenizer', TOKENIZER)
  expect(JSON.parse(asJson.stdout)).toMatchObject({ runs: false, problems: [{ file: small('other_input') }, {}] })
  for (const wrong of [[], ['check'], ['try', SHIPPED], ['check', SHIPPED, 'more']]) {
    expect(await ended(...wrong)).toMatchObject({ code: 2 })
  }
})
