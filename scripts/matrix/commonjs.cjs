const sdk = require('@openmemory/sdk')

import('./uses.mjs').then(({ correctAndFind }) => correctAndFind(sdk, 'test'))
