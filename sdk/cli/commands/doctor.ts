// openmemory doctor: checks a store that is not open, and repairs it.

import type * as contract from '../../../index'
import { doctor as diagnose } from '../../doctor'
import { OpenMemoryError } from '../../errors'
import { directoryOf } from '../../native/directory'
import { type Call, type Command, lockWaitMs, text, UsageError } from '../command'
import { BOOLEAN } from '../flags'
import { styled } from '../print'

/** What to do if a store cannot be examined. */
const REMEDY: Partial<Record<contract.ErrorCode, string>> = {
  LOCKED: 'End the process that has it open, or connect to that process with --url if it is a server.',
  INVALID_ARGUMENT: 'Name the directory of a store with --path or OPENMEMORY_PATH. "openmemory add" creates one.',
  FORMAT_UNSUPPORTED: 'Export it with the version that wrote it, and import the export with this version.',
  IO: 'Check that the disk has free space and that this user may read and write the directory.',
  UNAUTHORIZED: 'Pass a key with --api-key or OPENMEMORY_API_KEY; "openmemory keys create" creates one on the server.',
  UNAVAILABLE: 'For a server: check that it is running and that the address is correct.',
  MODEL_MISMATCH: 'Run "openmemory reindex": it embeds all memories again with the current model.',
}

const RECOVERABLE = ['Nothing is lost: opening the store repairs it, and so does "openmemory doctor --repair".']
const DAMAGED = [
  'Some of it cannot be read. If there is a backup, use it instead: it is a store itself.',
  'Otherwise "openmemory doctor --repair" saves what is intact and keeps the damaged files.',
]

export const doctor: Command = {
  name: 'doctor',
  usage: '',
  summary: 'Check every file and record of a store that is not open',
  flags: { repair: BOOLEAN },
  help: { repair: 'also repair it: save what is intact, and keep the damaged files in a directory next to it' },
  example: 'openmemory doctor --path ./agent-memory',
  async run(call) {
    try {
      if (call.server !== undefined) return await checkServer(call)
      const options = { repair: call.values.repair === true, lockWaitMs: lockWaitMs(call.values) }
      return await diagnose(directoryOf(text(call.values, 'path')), options)
    } catch (error) {
      if (error instanceof OpenMemoryError && REMEDY[error.code]) error.message += `\n${REMEDY[error.code]}`
      throw error
    }
  },
  failed: isUnhealthy,
  print: showDiagnosis,
}

/** A server maintains its own files; only whether it responds can be checked from here. */
async function checkServer(call: Call): Promise<object> {
  if (call.values.repair) throw new UsageError('--repair needs a directory that no server has open')
  const om = call.open()
  await om.ready()
  const { memories } = await om.stats()
  return { healthy: true, memories }
}

type Repair = NonNullable<contract.Diagnosis['repair']>

/** A complete repair leaves nothing wrong. */
function isUnhealthy({ healthy, complete, repair }: contract.Diagnosis): boolean {
  return repair === undefined ? !healthy : !complete
}

function showDiagnosis(diagnosis: contract.Diagnosis, call: Call): void {
  const { healthy, complete, memories, versions, rows, problems, repair } = diagnosis
  if (repair) {
    showRepair(repair, call)
  } else if (healthy) {
    const checked = rows === undefined ? 'the server responds' : `${versions} versions, ${rows} records checked`
    call.say(`${styled('green', 'The store is healthy')}: ${memories} memories, ${checked}.`)
  } else {
    call.say(styled('red', `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} found:`))
    for (const { id, problem } of problems) call.say(`  ${id === undefined ? '' : `${id}: `}${problem}`)
    for (const line of complete ? RECOVERABLE : DAMAGED) call.say(line)
  }
}

function showRepair({ memories, kept, lost, needs_reindex }: Repair, call: Call): void {
  call.say(`${styled('green', 'Repaired')}: ${memories} memories are in the store.`)
  if (kept !== undefined) call.say(`The damaged files are in ${kept}.`)
  if (needs_reindex) call.say('Some memories have lost their vectors: "openmemory reindex" restores them.')
  for (const { id, version, commits } of lost) {
    const what = commits === undefined ? (id ?? 'a memory whose id cannot be read') : `${commits} acknowledged changes`
    call.say(`  lost: ${what}${version === undefined ? '' : `, version ${version}`}`)
  }
}
