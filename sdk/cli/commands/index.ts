// Which commands are there? In the order in which help lists them.

import type { Command } from '../command'
import { add } from './add'
import { backup } from './backup'
import { compact } from './compact'
import { context } from './context'
import { deleteMemories } from './delete'
import { demo } from './demo'
import { doctor } from './doctor'
import { evaluate } from './evaluate'
import { exportMemories } from './export'
import { get } from './get'
import { history } from './history'
import { importMemories } from './import'
import { init } from './init'
import { keys } from './keys'
import { consolidate, learn, relearn } from './learn'
import { learnings, review, sources, undo } from './learnings'
import { list } from './list'
import { mcp } from './mcp'
import { migrate } from './migrate'
import { model } from './model'
import { reindex } from './reindex'
import { reinforce } from './reinforce'
import { restore } from './restore'
import { retire } from './retire'
import { search } from './search'
import { serve } from './serve'
import { stats } from './stats'
import { studio } from './studio'
import { update } from './update'

export const COMMANDS: Command[] = [
  ...[add, search, context, get, update, history, restore, retire, deleteMemories, list, reinforce],
  ...[learn, consolidate, relearn, learnings, review, undo, sources, evaluate],
  ...[exportMemories, importMemories, backup, migrate, compact, reindex, model, stats, doctor, demo],
  ...[studio, serve, mcp, init, keys],
]
