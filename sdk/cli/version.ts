// Which version of the package is this?

export const { version: VERSION } = require('../../package.json') as { version: string }
