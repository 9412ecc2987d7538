// openmemory model: says whether a model file runs, how fast, and with which settings.

import type * as contract from '../../../index'
import { checkModel } from '../../check-model'
import { type Command, given, text, UsageError } from '../command'
import { STRING } from '../flags'
import { styled } from '../print'

export const model: Command = {
  name: 'model',
  usage: 'check FILE',
  summary: 'Say whether an ONNX model runs, how fast, and with which settings',
  flags: { tokenizer: STRING, pooling: STRING, 'query-prefix': STRING, 'passage-prefix': STRING },
  help: {
    tokenizer: 'its tokenizer.json (the one beside the model)',
    pooling: "mean or cls (what the model's files or name say)",
    'query-prefix': 'what is written before a query',
    'passage-prefix': 'what is written before a stored text',
  },
  example: 'openmemory model check ./bge-small-en-v1.5/onnx/model.onnx',
  async run({ words: [action, file, ...more], values }) {
    if (action !== 'check' || more.length > 0) throw new UsageError('the action must be check FILE')
    if (file === undefined) throw new UsageError('FILE is missing: an ONNX file, or a folder with one')
    return checkModel(
      file,
      given({
        tokenizer: text(values, 'tokenizer'),
        pooling: text(values, 'pooling') as 'mean' | 'cls' | undefined,
        queryPrefix: text(values, 'query-prefix'),
        passagePrefix: text(values, 'passage-prefix'),
      }) as contract.CheckModelOptions,
    )
  },
  failed: ({ runs }: contract.ModelCheck) => !runs,
  print(check: contract.ModelCheck, { say }) {
    say(check.runs ? styled('green', 'It runs.') : styled('red', 'It does not run:'))
    for (const { file, problem } of check.problems) say(`  ${file}: ${problem}`)
    for (const [name, ports] of [['inputs', check.inputs] as const, ['outputs', check.outputs] as const]) {
      const shown = ports.map(({ name, type, shape }) => `${name} ${type} [${shape.join(', ')}]`)
      if (shown.length > 0) say(`${name.padEnd(11)}${shown.join('\n           ')}`)
    }
    if (check.runs) showMeasured(check, say)
    for (const note of check.notes) say(`note       ${note}`)
    if (check.embedder) say(`\nembedder: ${literal(check.embedder)}`)
  },
}

function showMeasured(check: contract.ModelCheck, say: (line: string) => void): void {
  const { dimensions, pooled, times = [], load_ms = 0, memory = 0, settings_from, trial } = check
  say(`vectors    ${dimensions} dimensions, of length 1, ${pooled ? 'pooled by the model' : `pooled here`}`)
  say(
    `time       ${times.map(({ tokens, ms }) => `${ms.toFixed(1)} ms for ${tokens} tokens`).join(', ')}, on one thread`,
  )
  say(`memory     about ${Math.round(memory / 1024 / 1024)} MiB, loaded in ${(load_ms / 1000).toFixed(2)} s`)
  if (trial) say(`trial      ${trial.found} of ${trial.asked} English questions find their answer`)
  if (settings_from.length > 0) say(`settings   from ${settings_from.join(', ')}`)
}

/** As it is written in a program. */
function literal(embedder: contract.ModelEmbedder): string {
  const quoted = (value: string) =>
    `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
  const fields = Object.entries(embedder).map(([name, value]) => `  ${name}: ${quoted(value)},`)
  return `{\n${fields.join('\n')}\n}`
}
