// wine 8 does not know the options of Windows 10 by which libuv keeps connections alive, and then refuses the connection.
// Node's fetch asks for that before it connects.

const { Socket } = require('node:net')

Socket.prototype.setKeepAlive = function setKeepAlive() {
  return this
}
