// Where may a webhook lead? Not into the network of the server, however its address is written.

import { expect, test } from '@jest/globals'
import { destination, type Found, rulesOf } from '../dist/webhooks/destination'

/** What names mean here. */
const NAMES: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  'a.localhost': ['127.0.0.1'],
  'public.example': ['93.184.216.34', '2606:2800:220:1::1'],
  'hooks.example.com': ['93.184.216.34'],
  'inner.example.com': ['10.0.0.7'],
  'metadata.example.com': ['169.254.169.254'],
  'half.example.com': ['93.184.216.34', '192.168.0.1'],
  'loop.example.com': ['127.0.0.1'],
  'mapped.example.com': ['::ffff:10.0.0.1'],
  'nowhere.example.com': [],
}

async function leads(url: string, hosts: string[] = [], listensOn = '127.0.0.1') {
  const lookup = async (host: string): Promise<Found[]> =>
    (NAMES[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const found = await destination(url, rulesOf(hosts, listensOn), lookup)
  return 'refused' in found ? 'refused' : found.address
}

test.each([
  'http://127.0.0.1:8080/x',
  'http://127.9.9.9/',
  'http://[::1]:3000/',
  'http://localhost:3000/',
  'http://localhost./',
  'http://a.localhost/',
  'https://127.0.0.1/',
  // Other spellings of 127.0.0.1.
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://127.1/',
  'http://１２７.0.0.1/',
])('without an option %s is this machine', async (url) => {
  expect(await leads(url)).toMatch(/^(127\.|::1$)/)
})

const ELSEWHERE = [
  'http://0.0.0.0/',
  'http://0/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:7f00:1::]/',
  'http://[fe80::1]/',
  'http://[fd00::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://[2001::1]/',
  'http://10.0.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://0xa9.0xfe.0xa9.0xfe/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://192.0.0.192/',
  'http://198.18.0.1/',
  'http://inner.example.com/',
  'http://metadata.example.com/',
  'http://half.example.com/',
  'http://loop.example.com/',
  'http://mapped.example.com/',
  'http://nowhere.example.com/',
  'http://user@public.example/',
  'http://:secret@127.0.0.1/',
  'http://public.example:22/',
  'http://public.example:25/',
  'ftp://public.example/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_x',
  'javascript:alert(1)',
  'nonsense',
]

test.each(ELSEWHERE)('%s is refused, also where every public address is allowed', async (url) => {
  expect([await leads(url), await leads(url, ['*']), await leads(url, ['*.example.com'])]).toEqual([
    'refused',
    'refused',
    'refused',
  ])
})

test('a public host is refused without an option, and reached by one that names it', async () => {
  expect(await leads('https://public.example/')).toBe('refused')
  expect(await leads('https://93.184.216.34/')).toBe('refused')
  expect(await leads('https://public.example/', ['*'])).toBe('93.184.216.34')
  expect(await leads('https://[2606:2800:220:1::1]/', ['*'])).toBe('2606:2800:220:1::1')
  expect(await leads('https://public.example/', ['public.example'])).toBe('93.184.216.34')
  expect(await leads('https://PUBLIC.example./', ['Public.Example'])).toBe('93.184.216.34')
  expect(await leads('https://hooks.example.com/', ['*.example.com'])).toBe('93.184.216.34')
  expect(await leads('https://example.com.evil.example/', ['*.example.com', 'example.com'])).toBe('refused')
  expect(await leads('https://evilexample.com/', ['*.example.com'])).toBe('refused')
})

test('a host that is named exactly may be within the network, but no source of credentials', async () => {
  expect(await leads('http://inner.example.com/', ['inner.example.com'])).toBe('10.0.0.7')
  expect(await leads('http://10.0.0.7/', ['10.0.0.7'])).toBe('10.0.0.7')
  expect(await leads('http://metadata.example.com/', ['metadata.example.com'])).toBe('refused')
  expect(await leads('http://169.254.169.254/', ['169.254.169.254'])).toBe('refused')
})

test('an entry with a port allows that port alone', async () => {
  expect(await leads('http://public.example:8443/', ['public.example:8443'])).toBe('93.184.216.34')
  expect(await leads('http://public.example/', ['public.example:8443'])).toBe('refused')
  expect(await leads('http://public.example:25/', ['public.example:25'])).toBe('93.184.216.34')
  expect(await leads('http://127.0.0.1:25/')).toBe('refused')
  expect(await leads('http://[::1]:25/', ['[::1]:25'])).toBe('::1')
})

test('a server that others reach sends nothing to this machine', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.0.2', 'memories.example']) {
    expect(await leads('http://127.0.0.1:9200/', [], host)).toBe('refused')
    expect(await leads('http://localhost:9200/', ['*'], host)).toBe('refused')
    expect(await leads('http://localhost:9200/', ['localhost'], host)).toBe('127.0.0.1')
  }
  for (const host of ['localhost', '::1', '127.0.0.2']) {
    expect(await leads('http://127.0.0.1:9200/', [], host)).toBe('127.0.0.1')
  }
})
