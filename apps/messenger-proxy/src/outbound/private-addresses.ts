import { lookup as dnsLookup } from 'node:dns';
import { BlockList, type LookupFunction, isIP, isIPv6 } from 'node:net';

/** Addresses that are no place in the internet (IANA's registries of special-purpose addresses). */
const PRIVATE: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

/** Tells addresses that nobody is called at, unless their network was named. */
export class PrivateAddresses {
  private readonly refused = new BlockList();
  private readonly named = new BlockList();

  /** @param named addresses and networks such as `10.1.0.0/16` that may be called all the same */
  constructor(named: readonly string[]) {
    for (const [network, prefix] of PRIVATE) this.refused.addSubnet(network, prefix, familyOf(network));
    for (const each of named) {
      const [network = '', prefix] = each.split('/');
      if (prefix === undefined) this.named.addAddress(network, familyOf(network));
      else this.named.addSubnet(network, Number(prefix), familyOf(network));
    }
  }

  isRefused(address: string): boolean {
    // An IPv4 address in the form of an IPv6 one is what it stands for: BlockList knows that by itself.
    const family = familyOf(address);
    return this.refused.check(address, family) && !this.named.check(address, family);
  }

  /**
   * A look-up for connections that gives no refused address. It is the one that the connection uses, so that a name which
   * changes its address between a check and the call gains nothing.
   */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => !this.isRefused(address));
      const [first] = allowed;
      if (!first) return callback(new PrivateAddressError(), '', 0);
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  /** An address that is written as one is never looked up. @throws PrivateAddressError */
  requireHost(host: string): void {
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address) !== 0 && this.isRefused(address)) throw new PrivateAddressError();
  }
}

/** The host has private addresses alone. */
export class PrivateAddressError extends Error {
  constructor() {
    super('The host is at a private address');
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
