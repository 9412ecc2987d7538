// `@openmemory/sdk/remote`: the client of a server where there is no Node. The same facade, with other ends: `fetch` carries
// the requests, and there is neither a directory nor a file. scripts/bundle-remote.mjs makes one file of it.

import type * as contract from '../../index'
import * as errors from '../errors'
import { OpenMemory as Facade } from '../open-memory'

/** The methods of {@link contract.OpenMemory} that need neither files nor a directory on this machine. */
export type OpenMemory<M extends object = contract.Metadata> = Omit<
  contract.OpenMemory<M>,
  'serve' | 'exportTo' | 'importFrom'
>

/** Opens a store on a server, as the class of the same name in `@openmemory/sdk` does with `url`. */
export const OpenMemory = Facade as unknown as new <M extends object = contract.Metadata>(
  options: contract.RemoteOptions,
) => OpenMemory<M>

export type OpenMemoryError = contract.OpenMemoryError
export const OpenMemoryError = errors.OpenMemoryError as typeof contract.OpenMemoryError
export type ValidationError = contract.ValidationError
export const ValidationError = errors.ValidationError as typeof contract.ValidationError
export type AuthenticationError = contract.AuthenticationError
export const AuthenticationError = errors.AuthenticationError as typeof contract.AuthenticationError
export type NotFoundError = contract.NotFoundError
export const NotFoundError = errors.NotFoundError as typeof contract.NotFoundError
export type VersionConflictError = contract.VersionConflictError
export const VersionConflictError = errors.VersionConflictError as typeof contract.VersionConflictError
export type ImmutableMemoryError = contract.ImmutableMemoryError
export const ImmutableMemoryError = errors.ImmutableMemoryError as typeof contract.ImmutableMemoryError
export type RateLimitError = contract.RateLimitError
export const RateLimitError = errors.RateLimitError as typeof contract.RateLimitError
