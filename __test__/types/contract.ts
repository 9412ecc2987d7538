// What the compiler must accept and refuse of index.d.ts. Nothing here runs: `npm run typecheck` is the test.

import {
  type DeletedMemory,
  type ItemResult,
  type Memory,
  type MemoryPatch,
  NotFoundError,
  type OpenMemory,
  type OpenMemoryOptions,
  ValidationError,
  VersionConflictError,
} from '@openmemory/sdk'

declare function is<T>(value: T): void
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

interface Note {
  status: 'draft' | 'done'
  year?: number
}

export async function metadataHasTheTypeOfTheStore(om: OpenMemory<Note>) {
  const added = await om.addMemory({ content: 'x', metadata: { status: 'draft', year: undefined } })
  is<true>(true as Same<typeof added.metadata, Note>)
  is<Memory<Note>>(await om.updateMemory(added.id, { metadata: { status: 'done', year: null } }))
  is<ItemResult<Memory<Note>>[]>(await om.updateMemories([{ id: added.id, metadata: { year: 2026 } }]))
  is<DeletedMemory<Note>>(await om.deleteMemory(added.id))
  is<Note[]>((await om.searchMemories('x')).map(({ metadata }) => metadata))
  is<Note[]>((await om.listMemories()).memories.map(({ metadata }) => metadata))
  is<Note[]>((await om.getHistory(added.id)).map(({ metadata }) => metadata))
  for await (const { memory } of om.watch()) is<Note | undefined>(memory?.metadata)

  // @ts-expect-error: a value outside the type
  await om.addMemory({ content: 'x', metadata: { status: 'lost' } })
  // @ts-expect-error: a required field cannot be null in a new memory
  await om.addMemory({ content: 'x', metadata: { status: null } })
  // @ts-expect-error: an unknown field
  await om.updateMemory(added.id, { metadata: { colour: 'red' } })
}

export async function metadataOfAnyShapeIsTheDefault(om: OpenMemory) {
  const { metadata } = await om.addMemory({ content: 'x', metadata: { a: [1, { b: null }], c: undefined, d: null } })
  is<OpenMemory<{ [key: string]: unknown }>['close']>(om.close)
  is<true>(true as Same<typeof metadata, Memory['metadata']>)
  is<MemoryPatch>({ metadata: { a: null, b: undefined, c: [true] } })
  // @ts-expect-error: JSON has no functions
  is<MemoryPatch>({ metadata: { a: () => 1 } })
}

export function optionsAreOfADirectoryOrOfAServer() {
  is<OpenMemoryOptions[]>([
    {},
    { path: './x', durability: 'interval' },
    { url: 'http://x', apiKey: 'k' },
    { apiKey: 'k' },
  ])
  // @ts-expect-error: both
  is<OpenMemoryOptions>({ path: './x', url: 'http://x' })
  // @ts-expect-error: the server has the embedder
  is<OpenMemoryOptions>({ url: 'http://x', embedder: 'test' })
  // @ts-expect-error: unknown
  is<OpenMemoryOptions>({ path: './x', colour: 'red' })
}

export function errorsHaveACodeAndDetailsOfTheirClass(error: unknown) {
  if (error instanceof NotFoundError) {
    is<true>(true as Same<typeof error.code, 'NOT_FOUND'>)
    is<string | undefined>(error.details.deleted && error.details.deleted_at)
    // @ts-expect-error: no such detail
    is(error.details.colour)
  }
  if (error instanceof VersionConflictError) is<number>(error.details.version + error.version)
  if (error instanceof ValidationError && error.code === 'MISSING_ID') is<string | undefined>(error.details.field)
  // @ts-expect-error: a code of another class
  new VersionConflictError('NOT_FOUND', 'x')
}
