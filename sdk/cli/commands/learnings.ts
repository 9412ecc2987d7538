// openmemory learnings, review, undo, sources: what was learnt, what waits, how it is taken back, and why.

import type * as contract from '../../../index'
import { showLearning } from '../changes'
import { type Call, type Command, given, numberOf, numeric, oneWord, text, UsageError } from '../command'
import { STRING, STRINGS } from '../flags'
import { styled } from '../print'

const WHO = { actor: STRING, reason: STRING }
const WHO_HELP = { actor: 'who decides, for the history', reason: 'why, for the history' }

const by = ({ values }: Call) => given({ actor: text(values, 'actor'), reason: text(values, 'reason') })

export const learnings: Command = {
  name: 'learnings',
  scoped: true,
  usage: '',
  summary: 'List what was learnt, newest first',
  stored: true,
  flags: { status: STRING, limit: STRING, cursor: STRING },
  help: {
    status: 'only done, waiting, nothing, failed or undone',
    limit: 'maximum number, 1 to 1000 (20)',
    cursor: 'continue after this page (pass its next_cursor)',
  },
  run(call) {
    const { values } = call
    return call.open().listLearnings({
      limit: numeric(values, 'limit') ?? 20,
      ...given({
        status: text(values, 'status') as contract.ListLearningsOptions['status'],
        cursor: text(values, 'cursor'),
      }),
    })
  },
  print({ learnings, next_cursor }: contract.LearningPage, call) {
    for (const learning of learnings) showLearning(learning, call)
    if (next_cursor) call.say(styled('dim', `more: --cursor ${next_cursor}`))
  },
}

export const review: Command = {
  name: 'review',
  usage: 'LRN',
  summary: 'Apply or discard what waits in a learning',
  stored: true,
  flags: { apply: STRINGS, discard: STRINGS, ...WHO },
  help: {
    apply: 'the number of an operation, or all; can be repeated',
    discard: 'the number of an operation, or all; can be repeated',
    ...WHO_HELP,
  },
  example: 'openmemory review lrn_01h455vb4pex5vsknk084sn02q --apply 0 --discard 1',
  run(call) {
    const id = oneWord(call, 'LRN')
    const named = (name: contract.Decision) => (call.values[name] as string[] | undefined) ?? []
    const [apply, discard] = [named('apply'), named('discard')]
    if (apply.length + discard.length === 0) throw new UsageError('--apply or --discard is missing')
    if (apply.includes('all') || discard.includes('all')) {
      if (apply.length + discard.length > 1) throw new UsageError('all stands alone')
      return call.open().decide(id, apply.length > 0 ? 'apply' : 'discard', by(call))
    }
    const each = (places: string[], decision: contract.Decision) =>
      places.map((place) => [numberOf(place, `--${decision}`), decision] as const)
    const decided = Object.fromEntries([...each(apply, 'apply'), ...each(discard, 'discard')])
    return call.open().decide(id, decided, by(call))
  },
  print: showLearning,
}

export const undo: Command = {
  name: 'undo',
  usage: 'LRN',
  summary: 'Take back everything that a learning has changed, unless a memory has changed since',
  stored: true,
  flags: WHO,
  help: WHO_HELP,
  run: (call) => call.open().undoLearning(oneWord(call, 'LRN'), by(call)),
  print: showLearning,
}

export const sources: Command = {
  name: 'sources',
  usage: 'ID',
  summary: 'Show the words that a memory was learnt from, newest version first',
  stored: true,
  flags: { version: STRING },
  help: { version: 'only of this version' },
  run: (call) => call.open().getSources(oneWord(call, 'ID'), given({ version: numeric(call.values, 'version') })),
  print(sources: contract.Source[], call) {
    for (const { version, quote, learning, text } of sources) {
      call.say(`${styled('bold', `version ${version}`)}  ${JSON.stringify(quote)}  ${styled('dim', learning)}`)
      if (text) call.say(`  ${text.name ?? text.role}, ${text.at}: ${text.content.replace(/\s+/g, ' ')}`)
    }
  },
}
