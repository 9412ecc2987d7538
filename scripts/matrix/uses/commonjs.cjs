const sdk = require('@openmemory/sdk')

import('./correct-and-find.mjs').then(({ correctAndFind }) => correctAndFind(sdk, 'test'))
