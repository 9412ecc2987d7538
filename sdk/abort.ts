// Who hears that a signal fires? Everybody in one listener: Node warns of a leak where a signal has more than ten, and one
// signal may end many calls.

const listening = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `listener` when the signal fires, or now if it has; gives the function that takes it back. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal?.aborted) listener()
  if (signal === undefined || signal.aborted) return () => {}
  const listeners = listening.get(signal) ?? listenTo(signal)
  // A function of its own, so that one that is given twice is two.
  const own = () => listener()
  listeners.add(own)
  return () => listeners.delete(own)
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>()
  listening.set(signal, listeners)
  signal.addEventListener('abort', () => {
    for (const listener of listeners) listener()
    listeners.clear()
  })
  return listeners
}
