import { NotFoundError, OpenMemory } from '@openmemory/sdk'
import { correctAndFind } from '../../correct-and-find.mjs'

// Not while building.
export const dynamic = 'force-dynamic'

// With the shipped model, whose files the build has to bring along.
export async function GET() {
  await correctAndFind({ OpenMemory, NotFoundError })
  return new Response('found')
}
