// Which language model do commands use? The one that environment variables name.

import type { LanguageModelEndpoint } from '../../index'
import { environment } from '../validate/options'
import { UsageError } from './command'

export function languageModel(): LanguageModelEndpoint | undefined {
  const [url, model] = [environment('OPENMEMORY_LLM_URL'), environment('OPENMEMORY_LLM_MODEL')]
  const apiKey = environment('OPENMEMORY_LLM_API_KEY')
  if (url === undefined && model === undefined) return undefined
  if (url === undefined || model === undefined) {
    throw new UsageError('OPENMEMORY_LLM_URL and OPENMEMORY_LLM_MODEL belong together; set both or none')
  }
  return { url, model, ...(apiKey !== undefined && { apiKey }) }
}
