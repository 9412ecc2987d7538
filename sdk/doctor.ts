// Is a store healthy? Its files are checked, because a damaged store may not open.

import type { Diagnosis, DoctorOptions } from '../index'
import { CallSite } from './call-site'
import { invalid, OpenMemoryError } from './errors'
import { addon } from './native/addon'
import { read } from './native/answer'
import { directoryOf } from './native/directory'
import { lockWaitOf } from './native/lock-wait'
import { explainLock } from './native/open-directories'
import { checkOptions, rejectExtra } from './validate/arguments'
import { assertLossless } from './validate/json'

export async function doctor(path: string, options?: DoctorOptions, ...extra: readonly unknown[]): Promise<Diagnosis> {
  const site = new CallSite(1)
  let directory: string | undefined
  try {
    rejectExtra(extra)
    if (typeof path !== 'string' || path === '') throw invalid('path', 'must be the path of a store')
    assertLossless(path, 'path')
    const { repair = false, lockWaitMs } = checkOptions(options, ['repair', 'lockWaitMs'])
    if (typeof repair !== 'boolean') throw invalid('repair', 'must be true or false')
    const place = directoryOf(path)
    directory = place
    return await read<Diagnosis>(lockWaitOf(lockWaitMs).pass(() => addon().doctor(place, repair)))
  } catch (error) {
    const locked = directory !== undefined && error instanceof OpenMemoryError && error.code === 'LOCKED'
    throw site.withCallerStack(locked ? explainLock(error, directory as string) : error)
  }
}
