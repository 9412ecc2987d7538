// openmemory evaluate: says how well a language model learns from conversations of which it is known what they say.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as contract from '../../../index'
import { OpenMemory } from '../../open-memory'
import { isPlainObject } from '../../validate/json'
import { utf8 } from '../../validate/utf8'
import { type Call, type Command, UsageError } from '../command'
import { STRING } from '../flags'
import { languageModel } from '../language-model'
import { type Deed, deedOf, plain, type Score, scoreOf } from '../score'

/** When messages were said that do not say so. */
const SAID = '2026-03-03T10:00:00Z'

interface Transcript {
  name: string
  memories?: (contract.NewMemory & { retire?: contract.RetireOptions })[]
  calls: {
    messages: contract.Message[]
    options?: contract.LearnOptions
    /** What a perfect model answers; a memory is named by its text. */
    answer: { op?: string; memory?: unknown; text?: string | null }[]
    /** `applied` for those that count. */
    expect: string[]
  }[]
}

interface Report extends Score {
  transcripts: number
  calls: number
  input_tokens: number
  output_tokens: number
  ms: number
  /** Calls that the model has failed, by why. */
  failures: Record<string, number>
  /** Names of those where something is not right. */
  wrong: string[]
}

export const evaluate: Command = {
  name: 'evaluate',
  usage: 'FILE…',
  summary: 'Score the model that OPENMEMORY_LLM_URL and _MODEL name on transcripts: right, missed, stale, invented',
  creates: true,
  flags: { embedder: STRING },
  help: { embedder: "'test' for an embedder that needs no model, such as in a trial of this command" },
  example: 'openmemory evaluate __test__/learning/*.json',
  async run(call) {
    const model = languageModel()
    if (model === undefined) throw new UsageError('set OPENMEMORY_LLM_URL and OPENMEMORY_LLM_MODEL')
    if (call.words.length === 0) throw new UsageError('FILE is missing')
    const transcripts = call.words.flatMap(read)
    const embedder = call.values.embedder === 'test' ? ('test' as const) : undefined
    const report: Report = {
      ...{ transcripts: transcripts.length, right: 0, missed: 0, stale: 0, invented: 0 },
      ...{ calls: 0, input_tokens: 0, output_tokens: 0, ms: 0, failures: {}, wrong: [] },
    }
    for (const [at, transcript] of transcripts.entries()) {
      const path = mkdtempSync(join(tmpdir(), 'openmemory-evaluate-'))
      const om = new OpenMemory({ path, userId: 'ada', languageModel: model, ...(embedder && { embedder }) })
      try {
        await tried(om, transcript, report)
      } finally {
        await om.close()
        rmSync(path, { recursive: true, force: true })
      }
      call.progress?.(at + 1, transcripts.length)
    }
    return report
  },
  print: show,
}

/** What is said again changes nothing, so it does not count. */
async function tried(om: OpenMemory, { name, memories = [], calls }: Transcript, report: Report): Promise<void> {
  for (const { retire, ...memory } of memories) {
    const { id } = await om.addMemory({ created_at: '2024-06-10', ...memory })
    if (retire) await om.retireMemory(id, retire)
  }
  const seen = new Set<string>()
  let isRight = true
  for (const { messages, options, answer, expect } of calls) {
    const known = new Set((await om.listMemories({ limit: 1000 })).memories.map(({ content }) => plain(content)))
    const counts = answer.filter(({ text }, at) => expect[at] === 'applied' && !known.has(plain(text ?? '')))
    const expected = counts.flatMap(expectedDeed)
    let done: Deed[] = []
    try {
      const { id, operations, usage } = await om.learn(messages, { at: SAID, ...options })
      // The same messages again ask nobody.
      if (seen.has(id)) continue
      seen.add(id)
      const applied = operations.filter(({ state }) => state === 'applied')
      done = applied.flatMap(({ operation, before }) => deedOf(operation, before) ?? [])
      report.calls += usage.calls
      report.input_tokens += usage.inputTokens ?? 0
      report.output_tokens += usage.outputTokens ?? 0
      report.ms += usage.ms
    } catch (error) {
      const { code, details } = error as contract.OpenMemoryError
      if (code !== 'LANGUAGE_MODEL_FAILED') throw error
      const why = String(details.why)
      report.failures[why] = (report.failures[why] ?? 0) + 1
    }
    const score = scoreOf(expected, done)
    for (const part of ['right', 'missed', 'stale', 'invented'] as const) report[part] += score[part]
    isRight &&= score.missed === 0 && score.invented === 0
  }
  if (!isRight) report.wrong.push(name)
}

function expectedDeed({ op = 'add', memory, text }: Transcript['calls'][number]['answer'][number]): Deed[] {
  if (op === 'keep') return []
  return [{ op, about: typeof memory === 'string' ? memory : undefined, text: text ?? undefined }]
}

function read(file: string): Transcript[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8(readFileSync(file), 'transcripts'))
  } catch {
    throw new UsageError(`${file} is not a file of JSON`)
  }
  const isTranscript = (one: unknown) => isPlainObject(one) && typeof one.name === 'string' && Array.isArray(one.calls)
  if (Array.isArray(parsed) && parsed.every(isTranscript)) return parsed as Transcript[]
  throw new UsageError(
    `${file} must be a list of transcripts: { name, memories?, calls: [{ messages, answer, expect }] }`,
  )
}

function show(report: Report, call: Call): void {
  const { transcripts, right, missed, stale, invented, wrong, failures } = report
  call.say(`${transcripts} transcripts: ${right} right, ${missed} missed (${stale} stale), ${invented} invented`)
  call.say(`${report.calls} calls, ${report.input_tokens} tokens in, ${report.output_tokens} out, ${report.ms} ms`)
  for (const [why, count] of Object.entries(failures)) call.say(`failed ${count} times: ${why}`)
  for (const name of wrong) call.say(`  not right: ${name}`)
}
