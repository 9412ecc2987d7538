import * as sdk from '@openmemory/sdk'
import { correctAndFind } from './correct-and-find.mjs'

// The one use with the model that is shipped.
await correctAndFind(sdk)
