// Which options does a store in a database have besides its URL?

import { invalid } from '../errors'
import { describe } from '../validate/arguments'

const MAX_POOL_SIZE = 1000

export function checkPoolSize(poolSize: unknown): void {
  if (!Number.isSafeInteger(poolSize) || (poolSize as number) < 1 || (poolSize as number) > MAX_POOL_SIZE) {
    throw invalid('poolSize', `must be an integer from 1 to ${MAX_POOL_SIZE}, not ${describe(poolSize)}`)
  }
}

export function checkApproximateAbove(approximateAbove: unknown): void {
  if (!Number.isSafeInteger(approximateAbove) || (approximateAbove as number) < 1) {
    throw invalid('approximateAbove', `must be an integer from 1 on, not ${describe(approximateAbove)}`)
  }
}

/** As a server checks the tenants of its keys. */
export function checkTenant(tenant: unknown): void {
  if (typeof tenant !== 'string' || !/^[a-z0-9_-]{1,64}$/.test(tenant)) {
    throw invalid('tenant', 'must be 1 to 64 of a-z, 0-9, - and _')
  }
}
