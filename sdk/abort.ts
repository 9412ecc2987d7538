// How do many calls listen to one signal? Through a single listener, because Node warns of a leak above ten.

const listening = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls `listener` when the signal fires, or now if it has fired; returns the function that removes it. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal?.aborted) listener()
  if (signal === undefined || signal.aborted) return () => {}
  const listeners = listening.get(signal) ?? listenTo(signal)
  // A new function, so that a listener that is added twice is called twice.
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
