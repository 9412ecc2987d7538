// From which commit was a binary built? Each build leaves a record below target/.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, root } from '../platform.mjs'
import { output } from './run.mjs'

/** Undefined with changes that are not committed: such a build belongs to no commit. */
export function commitOf() {
  const changes = output('git', ['status', '--porcelain'], { cwd: root })
  return changes === '' ? output('git', ['rev-parse', 'HEAD'], { cwd: root }) : undefined
}

export function recordFile(target) {
  return join(root, 'target', 'built', `${target}.json`)
}

/** The record, if the binary was built in this way from the commit that is checked out, and is still there. */
export function builtFromHere(target, quick) {
  const commit = commitOf()
  if (commit === undefined || !existsSync(recordFile(target))) return undefined
  const record = readJson(recordFile(target))
  if (record.commit !== commit || record.quick !== quick || !existsSync(record.file)) return undefined
  const sha256 = createHash('sha256').update(readFileSync(record.file)).digest('hex')
  return sha256 === record.sha256 ? record : undefined
}
