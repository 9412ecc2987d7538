// What did a server, or the way to it, refuse? Told as the engine tells it.

import type { EngineFailure } from '../answer'

export class Refused {
  readonly failure: EngineFailure

  constructor({ code, message, field, details }: EngineFailure) {
    this.failure = { code, message, ...(field !== undefined && { field }), ...(details !== undefined && { details }) }
  }
}
