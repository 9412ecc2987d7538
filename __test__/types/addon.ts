// The addon has what sdk/native/addon.ts says, and nothing else. Compared with native.d.ts, which building the addon writes;
// nothing here runs.

import type * as generated from '../../native'
import type { NativeModule } from '../../sdk/native/addon'

type Addon = Omit<typeof generated, '__napiBindingTarget'>
type Members<T> = { [K in keyof T]: T[K] extends abstract new (...args: never[]) => infer Made ? keyof Made : K }
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare function is<T>(value: T): void
declare const addon: Addon

is<NativeModule>(addon)
is<true>(true as Same<Members<Addon>, Members<NativeModule>>)
