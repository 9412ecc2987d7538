// openmemory search: finds memories by words and meaning.

import type * as contract from '../../../index'
import { type Command, given, json, numeric, oneWord, text } from '../command'
import { BOOLEAN, FILTER, FILTER_HELP, pointInTime, STRING, STRINGS, TIME, TIME_HELP } from '../flags'
import { showMatch } from '../print'

export const search: Command = {
  name: 'search',
  scoped: true,
  usage: 'QUERY',
  summary: 'Find memories by words and meaning',
  stored: true,
  flags: {
    ...FILTER,
    limit: STRING,
    k: { ...STRING, short: 'k' },
    sector: STRINGS,
    'min-score': STRING,
    explain: BOOLEAN,
    retired: BOOLEAN,
    ...TIME,
    'reference-time': STRING,
    history: STRING,
    'include-history': BOOLEAN,
  },
  help: {
    ...FILTER_HELP,
    limit: 'maximum number of results, 1 to 1000 (8)',
    k: 'the older name of --limit',
    sector: 'only memories of this sector; can be repeated',
    'min-score': 'only results with at least this score, 0 to 1',
    explain: 'show the parts of each score',
    retired: 'include memories that are retired or have ended',
    ...TIME_HELP,
    'reference-time': 'when the question is asked: what "last month" refers to (now)',
    history: 'show so many texts that were true before each result',
    'include-history': 'find texts that were replaced too',
  },
  example: `openmemory search 'What does Ada drink?' --limit 3`,
  run(call) {
    const { values } = call
    const options = given({
      limit: numeric(values, 'limit'),
      k: numeric(values, 'k'),
      filters: json<contract.Filters>(values, 'filter'),
      sectors: values.sector as contract.Sector[] | undefined,
      minScore: numeric(values, 'min-score'),
      explain: values.explain as boolean | undefined,
      showRetired: values.retired as boolean | undefined,
      ...pointInTime(values),
      referenceTime: text(values, 'reference-time'),
      history: numeric(values, 'history'),
      includeHistory: values['include-history'] as boolean | undefined,
    })
    const query = oneWord(call, 'QUERY')
    return call.open().searchMemories(query, options)
  },
  print(matches: contract.MemoryMatch[], call) {
    if (matches.length === 0) call.say('No results.')
    for (const match of matches) showMatch(match, call)
  },
}
