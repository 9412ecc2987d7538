// The memory service has the type that the kit asks for; compiled, never run.
import type { BaseMemoryService } from '@google/adk'
import type { OpenMemoryService } from '@openmemory/sdk/adk'

export const serviceOf = (service: OpenMemoryService): BaseMemoryService => service
