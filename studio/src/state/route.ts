// Which view is shown? The part of the address after `#`: `#/memories/ID?user_id=ada&asOf=…`.

import { signal } from '@preact/signals'

export interface Route {
  view: string
  id: string
  params: URLSearchParams
}

export const route = signal(read())

addEventListener('hashchange', () => {
  route.value = read()
})

function read(): Route {
  const [path = '', query = ''] = location.hash.slice(1).split('?')
  const [, view = '', id = ''] = path.split('/')
  return { view: view || 'memories', id: decodeURIComponent(id), params: new URLSearchParams(query) }
}

export function href(view: string, id = '', params: URLSearchParams = route.value.params): string {
  const query = params.toString()
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${query ? `?${query}` : ''}`
}

export function go(view: string, id = '', params?: URLSearchParams): void {
  location.hash = href(view, id, params)
  // Now, so that the next key goes to the view.
  route.value = read()
}

/** Changes parameters of the address and stays on the view. */
export function setParams(change: (params: URLSearchParams) => void): void {
  const params = new URLSearchParams(route.value.params)
  change(params)
  const { view, id } = route.value
  history.replaceState(null, '', href(view, id, params))
  route.value = { view, id, params }
}
