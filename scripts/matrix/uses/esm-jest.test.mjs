import { test } from '@jest/globals'
import * as sdk from '@openmemory/sdk'
import { correctAndFind } from './correct-and-find.mjs'

test('a memory is corrected and found', () => correctAndFind(sdk, 'test'))
