// What has the focus once it is on the page? The attribute of HTML works only once in a page.

import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

export function useFocus<T extends HTMLElement>(): RefObject<T> {
  const ref = useRef<T>(null)
  useLayoutEffect(() => ref.current?.focus(), [])
  return ref as RefObject<T>
}
