// openmemory stats: shows counts and sizes.

import type * as contract from '../../../index'
import type { Command } from '../command'

export const stats: Command = {
  name: 'stats',
  usage: '',
  summary: 'Show counts and sizes',
  stored: true,
  run: (call) => call.open().stats(),
  print(stats: contract.Stats, call) {
    for (const [name, value] of Object.entries(stats)) {
      call.say(`${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    }
  },
}
