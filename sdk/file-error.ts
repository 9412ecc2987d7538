// Is the failure of a local file retryable? Some failures are transient or end when disk space is freed.

import type { ErrorBody } from './error-body'

const TRANSIENT: ReadonlySet<string | undefined> = new Set([
  ...['EAGAIN', 'EBUSY', 'EDQUOT', 'EINTR', 'EMFILE', 'ENFILE', 'ENOSPC'],
])

export function fileError(file: string, error: Error): ErrorBody {
  const retryable = TRANSIENT.has((error as NodeJS.ErrnoException).code)
  return { code: 'IO', message: `the file ${file} could not be used: ${error.message}`, retryable }
}
