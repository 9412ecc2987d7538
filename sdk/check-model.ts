// Does a model file run here, and with which settings? It is loaded and tried, because its operators alone do not tell.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckModelOptions, ModelCheck, ModelEmbedder } from '../index'
import { CallSite } from './call-site'
import { invalid } from './errors'
import { addon } from './native/addon'
import { read } from './native/answer'
import { foldersOf, type ModelSettings, settingsOf } from './native/model-settings'
import { checkOptions, rejectExtra } from './validate/arguments'
import { prefix, required, text } from './validate/options'

/** The inputs that the engine fills. */
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids']
/** Where exporters put the file of a model's folder. */
const USUAL = ['model.onnx', join('onnx', 'model.onnx')]

type Answer<T> = { found: T } | { problem: ModelCheck['problems'][number] }

interface Description extends Pick<ModelCheck, 'inputs' | 'outputs'> {
  missing_operators: string[]
  external_weights: boolean
}

interface Measured {
  dimensions: number
  pooled: boolean
  times: NonNullable<ModelCheck['times']>
  trials: { pooling: 'mean' | 'cls'; found: number; asked: number; separation: number }[]
}

export async function checkModel(
  model: string,
  options?: CheckModelOptions,
  ...extra: readonly unknown[]
): Promise<ModelCheck> {
  const site = new CallSite(1)
  try {
    rejectExtra(extra)
    const known = ['tokenizer', 'pooling', 'queryPrefix', 'passagePrefix'] as const
    const given = checkOptions(options, known)
    if (given.pooling !== undefined && !['mean', 'cls'].includes(given.pooling)) {
      throw invalid('pooling', "must be 'mean' or 'cls'")
    }
    const file = fileOf(required(model, 'model'))
    const tokenizer = text(given.tokenizer, 'tokenizer') ?? tokenizerOf(file)
    const settings = settingsOf(file)
    const queryPrefix = given.queryPrefix ?? settings.queryPrefix
    const passagePrefix = given.passagePrefix ?? settings.passagePrefix
    return await tried(file, tokenizer, settings, {
      ...(given.pooling && { pooling: given.pooling }),
      queryPrefix: prefix(queryPrefix, 'queryPrefix'),
      passagePrefix: prefix(passagePrefix, 'passagePrefix'),
    })
  } catch (error) {
    throw site.withCallerStack(error)
  }
}

/** A folder stands for the model in it. */
function fileOf(model: string): string {
  if (!existsSync(model) || !statSync(model).isDirectory()) return model
  const usual = USUAL.map((name) => join(model, name)).find((file) => existsSync(file))
  const others = readdirSync(model).filter((name) => name.endsWith('.onnx'))
  if (usual !== undefined) return usual
  if (others.length === 1) return join(model, others[0] as string)
  throw invalid('model', `must name one ONNX file; ${model} has ${others.length === 0 ? 'none' : others.join(', ')}`)
}

function tokenizerOf(file: string): string {
  const places = foldersOf(file).map((folder) => join(folder, 'tokenizer.json'))
  return places.find((place) => existsSync(place)) ?? (places[0] as string)
}

interface Chosen {
  pooling?: 'mean' | 'cls'
  queryPrefix: string
  passagePrefix: string
}

async function tried(file: string, tokenizer: string, settings: ModelSettings, given: Chosen): Promise<ModelCheck> {
  const report: ModelCheck = {
    ...{ runs: false, problems: [...settings.problems], notes: [...settings.notes], model: file, tokenizer },
    ...{ settings_from: settings.from, inputs: [], outputs: [] },
  }
  const take = <T>(answer: Answer<T>): T | undefined => {
    if ('found' in answer) return answer.found
    report.problems.push(answer.problem)
    return undefined
  }
  const before = process.memoryUsage.rss()
  const { queryPrefix, passagePrefix } = given
  const check = new (addon().ModelCheck)(JSON.stringify({ model: file, tokenizer, queryPrefix, passagePrefix }))
  const description = take(await read<Answer<Description>>(check.describe()))
  if (description) describe(description, report)
  if (!existsSync(tokenizer)) {
    const problem = 'it is missing: the tokenizer.json of the model, which its publisher has beside it, is needed too'
    report.problems.push({ file: tokenizer, problem })
  }
  if (report.problems.length > 0) return report
  const start = performance.now()
  const loaded = take(await read<Answer<null>>(check.load()))
  report.load_ms = performance.now() - start
  const measured = loaded === undefined ? undefined : take(await read<Answer<Measured>>(check.measure()))
  if (measured === undefined) return report
  report.memory = Math.max(0, process.memoryUsage.rss() - before)
  choose(measured, settings, given, report)
  return report
}

function describe({ inputs, outputs, missing_operators, external_weights }: Description, report: ModelCheck): void {
  Object.assign(report, { inputs, outputs })
  const wrong = (problem: string) => report.problems.push({ file: report.model, problem })
  for (const operator of missing_operators) {
    wrong(`it has an operator ${operator} that does not run here; export it with the standard operators only`)
  }
  if (external_weights) wrong('its weights are in files next to it; save it as one file')
  const others = inputs.map(({ name }) => name).filter((name) => !INPUTS.includes(name))
  if (others.length > 0) wrong(`it has inputs ${others.join(', ')}; only ${INPUTS.join(', ')} are filled`)
  if (!inputs.some(({ name }) => name === 'input_ids')) wrong('it has no input input_ids, so it reads no tokens')
  const vector = outputs.findIndex(({ name, shape }) => name === 'sentence_embedding' || shape.length === 2)
  if (vector > 0) {
    const named = outputs.map(({ name }) => name)
    report.notes.push(
      `its first output, ${named[0]}, is used, and not ${named[vector]}, which is one vector per text; make that one the only output if the model has layers after its pooling`,
    )
  }
}

function choose(measured: Measured, settings: ModelSettings, given: Chosen, report: ModelCheck): void {
  const { dimensions, pooled, times, trials } = measured
  const best = trials.reduce((best, next) => (next.separation > best.separation ? next : best))
  const named = given.pooling ?? settings.pooling
  const used = (pooled ? undefined : trials.find(({ pooling }) => pooling === named)) ?? best
  if (!pooled && named === undefined) report.settings_from.push('trial')
  if (settings.queryPrefix === undefined && given.queryPrefix === '') {
    report.notes.push('nothing says whether it wants prefixes; look for them on its card')
  }
  if (used.found < used.asked / 2) {
    report.notes.push(
      `only ${used.found} of ${used.asked} English questions find their answer: are the settings its own?`,
    )
  }
  const embedder: ModelEmbedder = { model: report.model, tokenizer: report.tokenizer }
  if (!pooled) embedder.pooling = used.pooling
  if (given.queryPrefix !== '') embedder.queryPrefix = given.queryPrefix
  if (given.passagePrefix !== '') embedder.passagePrefix = given.passagePrefix
  const trial = { asked: used.asked, found: used.found }
  Object.assign(report, { runs: true, dimensions, pooled, times, trial, embedder })
}
