// openmemory list: shows a page of memories.

import type * as contract from '../../../index'
import { type Command, given, json, numeric, text } from '../command'
import { BOOLEAN, FILTER, FILTER_HELP, pointInTime, STRING, TIME, TIME_HELP } from '../flags'
import { show } from '../print'

export const list: Command = {
  name: 'list',
  scoped: true,
  usage: '',
  summary: 'List memories, newest first',
  stored: true,
  flags: { ...FILTER, limit: STRING, cursor: STRING, order: STRING, expired: BOOLEAN, retired: BOOLEAN, ...TIME },
  help: {
    ...FILTER_HELP,
    limit: 'maximum number of memories, 1 to 1000 (100)',
    cursor: 'continue after a page: its next_cursor',
    order: 'created_at:desc, created_at:asc, updated_at:desc or updated_at:asc',
    expired: 'include expired memories',
    retired: 'include memories that are retired or have ended',
    ...TIME_HELP,
  },
  run(call) {
    const { values } = call
    const options = given({
      filters: json<contract.Filters>(values, 'filter'),
      limit: numeric(values, 'limit'),
      cursor: text(values, 'cursor'),
      order: text(values, 'order') as contract.ListOptions['order'],
      showExpired: values.expired as boolean | undefined,
      showRetired: values.retired as boolean | undefined,
      ...pointInTime(values),
    })
    return call.open().listMemories(options)
  },
  print(page: contract.MemoryPage, call) {
    for (const memory of page.memories) show(memory, call)
    if (page.next_cursor) call.say(`\nMore: --cursor ${page.next_cursor}`)
  },
}
