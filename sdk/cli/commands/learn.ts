// openmemory learn: learns from a conversation with a language model.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type * as contract from '../../../index'
import { utf8 } from '../../validate/utf8'
import { showLearning, showOperation } from '../changes'
import { type Call, type Command, given, numeric, oneWord, text, UsageError } from '../command'
import { BOOLEAN, STRING, STRINGS } from '../flags'

const NO_WAIT = 'have the server learn after it has answered; openmemory learnings shows the outcome'

export const learn: Command = {
  name: 'learn',
  creates: true,
  scoped: true,
  usage: 'FILE',
  summary: 'Learn from messages (JSON, JSON lines or text) with the model that OPENMEMORY_LLM_URL and _MODEL name',
  stored: true,
  flags: {
    agent: STRING,
    app: STRING,
    run: STRING,
    at: STRING,
    from: STRINGS,
    instructions: STRING,
    tag: STRINGS,
    category: STRINGS,
    dry: BOOLEAN,
    yes: BOOLEAN,
    review: BOOLEAN,
    'no-wait': BOOLEAN,
  },
  help: {
    agent: 'the agent_id',
    app: 'the app_id',
    run: 'the run_id',
    at: 'when messages without a time were said (now)',
    from: 'whose words may become memories: user, assistant, tool; can be repeated (user)',
    instructions: 'what matters to you',
    tag: 'a tag of what is added; can be repeated',
    category: 'a name of which the model may choose for what it adds; can be repeated',
    dry: 'show what would change, and keep nothing',
    yes: 'apply without asking',
    review: 'apply additions, and leave changes for openmemory review',
    'no-wait': NO_WAIT,
  },
  example: 'openmemory learn chat.json --user ada --at 2026-11-02 --dry',
  async run(call) {
    const { values } = call
    const mode = modeOf(call)
    const options = given({
      agent_id: text(values, 'agent'),
      app_id: text(values, 'app'),
      run_id: text(values, 'run'),
      at: text(values, 'at'),
      from: values.from as contract.LearnOptions['from'],
      instructions: text(values, 'instructions'),
      tags: values.tag as string[] | undefined,
      categories: values.category as string[] | undefined,
      onProgress: call.progress,
      mode,
      wait: isHandedOver(call) ? false : undefined,
    })
    const om = call.open()
    const learning = await om.learn(read(oneWord(call, 'FILE')), options)
    if (mode !== 'propose' || learning.status !== 'waiting') return learning
    return om.decide(learning.id, await answers(learning, call))
  },
  print: showLearning,
}

/** On a terminal each operation is asked about, unless an option says what to do. */
function modeOf({ values }: Call): contract.LearnOptions['mode'] {
  const named = (['dry', 'yes', 'review'] as const).filter((name) => values[name] === true)
  if (named.length > 1) throw new UsageError(`--${named[0]} and --${named[1]} exclude each other`)
  if (named[0] !== undefined) return named[0] === 'yes' ? 'apply' : named[0]
  const asks = process.stdin.isTTY === true && process.stdout.isTTY === true && values.json !== true
  return asks ? 'propose' : 'apply'
}

/** Only a server can go on with it when the command has ended, and there is nothing to read of a dry run. */
function isHandedOver({ values, server }: Call): boolean {
  if (!values['no-wait']) return false
  if (values.dry) throw new UsageError('--dry and --no-wait exclude each other')
  if (server === undefined) throw new UsageError('--no-wait needs a server: name it with --url')
  return true
}

async function answers(learning: contract.Learning, call: Call): Promise<Record<number, contract.Decision>> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const decided: Record<number, contract.Decision> = {}
  try {
    for (const [place, operation] of learning.operations.entries()) {
      if (operation.state !== 'waiting') continue
      showOperation(place, operation, call)
      const answer = await terminal.question('     apply? [y/N] ')
      decided[place] = /^y(es)?$/i.test(answer.trim()) ? 'apply' : 'discard'
    }
  } finally {
    terminal.close()
  }
  return decided
}

/** A list of messages as JSON, a message per line as JSON, or a text. */
function read(file: string): string | contract.Message[] {
  const content = utf8(readFileSync(file === '-' ? 0 : file), 'messages').trim()
  if (content === '') throw new UsageError('FILE is empty')
  if (content.startsWith('[')) return parsed(content) as contract.Message[]
  if (!content.startsWith('{')) return content
  return content.split(/\r?\n/).filter(Boolean).map(parsed) as contract.Message[]
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new UsageError('FILE must be a JSON list of messages, a message per line, or a text')
  }
}

export const relearn: Command = {
  name: 'relearn',
  scoped: true,
  usage: '',
  summary: 'Learn once more from kept messages, with another model or other instructions; changes wait for review',
  stored: true,
  flags: { agent: STRING, app: STRING, run: STRING, from: STRINGS, instructions: STRING, dry: BOOLEAN, yes: BOOLEAN },
  help: {
    agent: 'the agent_id',
    app: 'the app_id',
    run: 'the run_id',
    from: 'whose words may become memories: user, assistant, tool; can be repeated (user)',
    instructions: 'what matters to you',
    dry: 'show what would change, and keep nothing',
    yes: 'apply changes as well',
  },
  async run(call) {
    const { values } = call
    if (values.dry && values.yes) throw new UsageError('--dry and --yes exclude each other')
    const whose = given({
      agent_id: text(values, 'agent'),
      app_id: text(values, 'app'),
      run_id: text(values, 'run'),
    })
    const options = given({
      from: values.from as contract.RelearnOptions['from'],
      instructions: text(values, 'instructions'),
      mode: values.dry ? ('dry' as const) : values.yes ? ('apply' as const) : undefined,
    })
    const learnings: contract.Learning[] = []
    for await (const learning of call.open().relearn(whose, options)) learnings.push(learning)
    return { learnings }
  },
  print({ learnings }: { learnings: contract.Learning[] }, call) {
    for (const learning of learnings) showLearning(learning, call)
  },
}

export const consolidate: Command = {
  name: 'consolidate',
  scoped: true,
  usage: '[ID…]',
  summary: 'Merge and retire similar memories, or correct those that are named; changes wait for review',
  stored: true,
  flags: {
    ...{ feedback: STRING, instructions: STRING, limit: STRING },
    ...{ dry: BOOLEAN, yes: BOOLEAN, 'no-wait': BOOLEAN },
  },
  help: {
    feedback: 'what is wrong with the memories that are named',
    instructions: 'what matters to you',
    limit: 'how many memories are looked at, newest first (200)',
    dry: 'show what would change, and keep nothing',
    yes: 'apply changes as well',
    'no-wait': NO_WAIT,
  },
  example: "openmemory consolidate mem_01h455vb4pex5vsknk084sn02q --feedback 'She moved to Porto'",
  async run(call) {
    const { values, words } = call
    if (values.dry && values.yes) throw new UsageError('--dry and --yes exclude each other')
    const options = given({
      memories: words.length > 0 ? words : undefined,
      feedback: text(values, 'feedback'),
      instructions: text(values, 'instructions'),
      limit: numeric(values, 'limit'),
      wait: isHandedOver(call) ? false : undefined,
      mode: values.dry ? ('dry' as const) : values.yes ? ('apply' as const) : undefined,
    })
    return { learning: (await call.open().consolidate(options)) ?? null }
  },
  print({ learning }: { learning: contract.Learning | null }, call) {
    if (learning) showLearning(learning, call)
    else call.say('No memories are similar.')
  },
}
