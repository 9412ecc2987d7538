// The reference of the API: the server's own description, shown by Swagger UI, with requests to try by the key of this tab.

import 'swagger-ui-dist/swagger-ui.css'
import './docs.css'
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'
import { arranged, type Document } from './arrange'

/** Where the studio keeps it. */
const key = sessionStorage.getItem('openmemory.key') ?? ''

const dark = matchMedia('(prefers-color-scheme: dark)')
const kept = localStorage.getItem('openmemory.theme')
document.documentElement.classList.toggle('dark-mode', kept === 'dark' || (kept !== 'light' && dark.matches))

const response = await fetch('/openapi.json')
SwaggerUI({
  spec: arranged((await response.json()) as Document, location.origin),
  dom_id: '#docs',
  deepLinking: true,
  docExpansion: 'list',
  filter: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // Would ask a server of somebody else.
  validatorUrl: null,
  requestInterceptor(request: { headers: Record<string, string> }) {
    const given = Object.keys(request.headers).some((name) => /^(x-api-key|authorization)$/i.test(name))
    if (key && !given) request.headers['X-API-Key'] = key
    return request
  },
})
