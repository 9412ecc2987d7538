// What did the server, or something on the way to it, refuse? Carried as data, because the transport may still retry it.

import type { ErrorBody } from '../error-body'

export class Refusal {
  readonly body: ErrorBody

  constructor({ code, message, field, details, retryable }: ErrorBody) {
    this.body = {
      ...{ code, message },
      ...(field !== undefined && { field }),
      ...(details !== undefined && { details }),
      ...(retryable !== undefined && { retryable }),
    }
  }
}
