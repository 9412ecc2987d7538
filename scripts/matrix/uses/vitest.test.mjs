import * as sdk from '@openmemory/sdk'
import { test } from 'vitest'
import { correctAndFind } from './correct-and-find.mjs'

test('a memory is corrected and found', () => correctAndFind(sdk, 'test'))
