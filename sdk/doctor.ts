// Is a store well? Asked of its files, since a damaged store may not open.

import type { Diagnosis, DoctorOptions } from '../index'
import { read } from './answer'
import { checkOptions, refuseExtra } from './arguments'
import { CallSite } from './call-site'
import { invalid, OpenMemoryError } from './errors'
import { assertLossless } from './json'
import { lockWaitOf } from './lock-wait'
import { native } from './native'
import { explainLock } from './open-here'
import { directoryOf } from './options'

export async function doctor(path: string, options?: DoctorOptions, ...extra: readonly unknown[]): Promise<Diagnosis> {
  const site = new CallSite(1)
  let directory: string | undefined
  try {
    refuseExtra(extra)
    if (typeof path !== 'string' || path === '') throw invalid('path', 'must be the path of a store')
    assertLossless(path, 'path')
    const { repair = false, lockWaitMs } = checkOptions(options, ['repair', 'lockWaitMs'])
    if (typeof repair !== 'boolean') throw invalid('repair', 'must be true or false')
    const place = directoryOf(path)
    directory = place
    return await read<Diagnosis>(lockWaitOf(lockWaitMs).pass(() => native().doctor(place, repair)))
  } catch (error) {
    const locked = error instanceof OpenMemoryError && error.code === 'LOCKED'
    throw site.claim(locked ? explainLock(error, directory) : error)
  }
}
