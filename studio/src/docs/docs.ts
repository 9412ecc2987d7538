// The reference of the API: the server's own description, shown by Swagger UI, with requests to try by the key of this tab.

import 'swagger-ui-dist/swagger-ui.css'
import './docs.css'
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'
import { improve } from './accessible'
import { arranged, type Document } from './arrange'

/** Where the studio keeps it. */
const key = sessionStorage.getItem('openmemory.key') ?? ''

const dark = matchMedia('(prefers-color-scheme: dark)')
const kept = localStorage.getItem('openmemory.theme')
document.documentElement.classList.toggle('dark-mode', kept === 'dark' || (kept !== 'light' && dark.matches))

improve(document.getElementById('docs') as HTMLElement)

const response = await fetch('/openapi.json')
const page = SwaggerUI({
  spec: arranged((await response.json()) as Document, location.origin),
  dom_id: '#docs',
  // Its links would be inside of buttons.
  deepLinking: false,
  // One subject at a time, because each route takes long to draw.
  docExpansion: 'none',
  filter: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // Would ask a server of somebody else.
  validatorUrl: null,
  onComplete: () => page.layoutActions.show(['operations-tag', 'Memories'], true),
  requestInterceptor(request: { headers: Record<string, string> }) {
    const given = Object.keys(request.headers).some((name) => /^(x-api-key|authorization)$/i.test(name))
    if (key && !given) request.headers['X-API-Key'] = key
    return request
  },
})
