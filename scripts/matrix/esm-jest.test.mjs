import { test } from '@jest/globals'
import * as sdk from '@openmemory/sdk'
import { correctAndFind } from './uses.mjs'

test('a memory is corrected and found', () => correctAndFind(sdk, 'test'))
