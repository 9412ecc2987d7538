import { createRequire } from 'node:module'
import * as sdk from '@openmemory/sdk'
import { correctAndFind } from './correct-and-find.mjs'

export const { version } = createRequire(import.meta.url)('@openmemory/sdk/package.json')
export const use = () => correctAndFind(sdk, 'test')
