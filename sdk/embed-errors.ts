// How does an error of the user's `embed` function reach the call that it failed? Only text passes through the addon, so
// the message carries a ticket for the error itself. Any object of the process may redeem it: objects on one directory
// share an engine, and concurrent writes share a call of `embed`.

const TICKET = /\[embed:(\d+)\] /
const MAX_KEPT = 256
const errors = new Map<number, unknown>()
let issued = 0

/** The error's message with a ticket for the error. */
export function ticketFor(error: unknown): string {
  issued += 1
  errors.set(issued, error)
  errors.delete(issued - MAX_KEPT)
  return `[embed:${issued}] ${messageOf(error)}`
}

/** The message without its ticket, and the error that the ticket stands for. */
export function redeem(message: string): { message: string; cause?: unknown } {
  const ticket = TICKET.exec(message)
  if (!ticket) return { message }
  return { message: message.replace(TICKET, ''), cause: errors.get(Number(ticket[1])) }
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : String(error)
}
