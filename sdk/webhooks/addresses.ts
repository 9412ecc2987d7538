// Which addresses are this machine's, and which are everybody's?

import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Ranges that are no host of the internet: https://www.iana.org/assignments/iana-ipv4-special-registry. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]
/** Within 2000::/3, outside of which there are no hosts of the internet. Some of them lead to addresses of IPv4. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const LOOPBACK = listOf(['127.0.0.0/8', '::1/128'])
/** Where clouds answer with their credentials, and what is no single machine. */
const NEVER = listOf(['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'fe80::/10', 'ff00::/8'])
const SPECIAL = listOf([...SPECIAL_IPV4, ...SPECIAL_IPV6])
const GLOBAL_IPV6 = listOf(['2000::/3'])

export function isLoopback(address: string): boolean {
  return within(LOOPBACK, address)
}

export function isPublic(address: string): boolean {
  if (within(SPECIAL, address)) return false
  return isIPv4(address) || within(GLOBAL_IPV6, address)
}

/** Whether nothing is sent there, whoever allows it. An IPv4 address in the form of IPv6 has to be written as what it is. */
export function isNever(address: string): boolean {
  return within(NEVER, address) || /^::ffff:/i.test(address)
}

function within(list: BlockList, address: string): boolean {
  // A list takes ::ffff:127.0.0.1 for 127.0.0.1.
  if (/^::ffff:/i.test(address)) return false
  return (isIPv4(address) && list.check(address, 'ipv4')) || (isIPv6(address) && list.check(address, 'ipv6'))
}

function listOf(ranges: string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits] = range.split('/')
    list.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6')
  }
  return list
}
