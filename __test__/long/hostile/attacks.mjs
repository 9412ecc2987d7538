// How does a hostile client try to monopolise a server? Each attack restarts as soon as it ends.

import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** @typedef {{ port: number, key: string, isOver: () => boolean, counts: Record<string, number> }} Attacker */

/**
 * Each runs `times` times concurrently. Together they slightly exceed the admission limit of a tenant, so that no attack
 * crowds out the others.
 * @type {{ name: string, times: number, run: (a: Attacker) => Promise<void> }[]}
 */
export const ATTACKS = [
  { name: 'unread responses of /docs', times: 400, run: (a) => unread(a, 'GET /docs', 200, false) },
  { name: 'unread responses of a list', times: 20, run: (a) => unread(a, 'GET /memory/all?l=1000', 1) },
  { name: 'unread exports', times: 12, run: (a) => unread(a, 'GET /export', 1) },
  { name: 'unread watches', times: 80, run: (a) => unread(a, 'GET /watch?since=2000-01-01', 1) },
  { name: 'silent connections', times: 200, run: (a) => silent(a, '') },
  { name: 'slow heads', times: 50, run: (a) => silent(a, 'GET /health HTTP/1.1\r\n', 'x: y\r\n') },
  { name: 'missing bodies', times: 40, run: bodiless },
  { name: 'slow imports', times: 60, run: drippingImport },
  { name: 'paths of dots', times: 8, run: (a) => json(a, '/memory/list', { filters: { [path(300_000)]: 'x' } }) },
  {
    name: 'paths of dots that are allowed',
    times: 8,
    run: (a) => json(a, '/memory/list', { filters: { [path(60_000)]: 'x' } }),
  },
  { name: 'filters that nothing matches', times: 8, run: (a) => json(a, '/memory/list', { filters: nothing() }) },
  {
    name: 'searches in filters that nothing matches',
    times: 8,
    run: (a) => json(a, '/memory/search', { query: 'x', filters: nothing() }),
  },
  { name: 'pages with a huge offset', times: 8, run: (a) => once(a, head(a, 'GET', '/memory/all?l=10&u=4294967295')) },
  { name: 'backups', times: 4, run: (a) => json(a, '/backup', { name: `b${Math.random()}`.replace('.', '') }) },
  { name: 'bodies with countless values', times: 4, run: countless },
  { name: 'import lines with countless values', times: 4, run: countlessLine },
  { name: 'writes with idempotency keys', times: 8, run: idempotent },
  { name: 'searches for long texts', times: 32, run: (a) => json(a, '/memory/search', { query: text(8190) }) },
  {
    name: 'batches of long texts',
    times: 8,
    run: (a) => json(a, '/memory/batch', { items: many(200, () => ({ content: text(2000) })) }),
  },
  { name: 'adds', times: 64, run: (a) => json(a, '/memory/add', { content: text(80) }) },
  { name: 'updates', times: 32, run: (a) => json(a, '/memory/m1', { metadata: { n: Math.random() } }, 'PATCH') },
  {
    name: 'deletions by filter',
    times: 2,
    run: (a) => json(a, '/memory/delete', { filters: { AND: [nothing(), { user_id: 'nobody' }] } }),
  },
  {
    name: 'wrong keys',
    times: 16,
    run: (a) => once({ ...a, key: 'no-key-of-anybody' }, head({ ...a, key: 'no-key-of-anybody' }, 'GET', '/stats')),
  },
]

const many = (n, make) => Array.from({ length: n }, make)
const path = (dots) => `metadata${'.'.repeat(dots)}`

/** As costly as a filter may be. */
function nothing() {
  return { OR: many(90, (_, n) => ({ 'metadata.note': { icontains: `zq${n}` } })) }
}

function text(length) {
  let words = ''
  while (words.length < length) words += `${Math.random().toString(36).slice(2)} `
  return words.slice(0, length)
}

function head({ key }, method, target, more = '') {
  return `${method} ${target} HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${key}\r\n${more}\r\n`
}

/** Sends a request some times in one go, reads nothing, and stays until the server ends the connection. */
function unread(attacker, target, times, keyed = true) {
  const [method, where] = target.split(' ')
  const request = keyed ? head(attacker, method, where) : `${target} HTTP/1.1\r\nhost: localhost\r\n\r\n`
  return connection(attacker, (socket) => {
    socket.pause()
    socket.write(request.repeat(times))
  })
}

function silent(attacker, first, drop) {
  return connection(attacker, (socket) => {
    if (first) socket.write(first)
    if (drop) drip(attacker, socket, drop)
  })
}

function bodiless(attacker) {
  return connection(attacker, (socket) => {
    socket.write(`${head(attacker, 'POST', '/memory/add', 'content-length: 1000\r\n')}{`)
  })
}

function drippingImport(attacker) {
  return connection(attacker, (socket) => {
    socket.write(`${head(attacker, 'POST', '/import', 'transfer-encoding: chunked\r\n')}1\r\n \r\n`)
    drip(attacker, socket, '1\r\n \r\n')
  })
}

async function drip({ isOver }, socket, drop) {
  while (!socket.destroyed && !isOver()) {
    socket.write(drop)
    await setTimeout(8000)
  }
}

function countless(attacker) {
  const piece = ['0,', '[],', '{"":0},'][Math.floor(Math.random() * 3)]
  return send(attacker, '/v1/memories/', `[${piece.repeat((63 << 20) / piece.length - 1)}0]`)
}

function countlessLine(attacker) {
  const line = `{"id":"a","created_at":"2024-01-01","versions":[${'[],'.repeat(20 << 20)}0]}`
  return send(attacker, '/import', `{"format":"openmemory-export","format_version":1}\n${line}\n`)
}

function idempotent(attacker) {
  const body = JSON.stringify({ ids: ['nil'] })
  const request = () => {
    const more = `content-length: ${body.length}\r\nidempotency-key: ${Math.random()}\r\n`
    return head(attacker, 'POST', '/memory/delete', more) + body
  }
  return once(attacker, many(200, request).join(''), 200)
}

function json(attacker, target, body, method = 'POST') {
  return send(attacker, target, JSON.stringify(body), method)
}

function send(attacker, target, body, method = 'POST') {
  return once(attacker, head(attacker, method, target, `content-length: ${Buffer.byteLength(body)}\r\n`) + body)
}

/** Sends bytes and reads until as many answers have begun to come; counts their statuses. */
function once(attacker, bytes, answers = 1) {
  let left = answers
  return connection(attacker, (socket) => {
    socket.write(bytes)
    socket.on('data', (piece) => {
      for (const [, status] of piece.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g)) {
        attacker.counts[status] = (attacker.counts[status] ?? 0) + 1
        left -= 1
      }
      if (left <= 0) socket.destroy()
    })
  })
}

/** A connection until one of both ends it, or the attack is over. */
function connection({ port, isOver }, begin) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => begin(socket))
    const watch = setInterval(() => isOver() && socket.destroy(), 200)
    socket.on('error', () => {})
    // An end by the server is seen on a paused socket only when it is closed from here.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      clearInterval(watch)
      resolve()
    })
  })
}
