import { PrivateAddresses } from './private-addresses';

describe('PrivateAddresses', () => {
  const addresses = new PrivateAddresses(['10.1.0.0/16', '::1']);

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.5.4',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('refuses %s', (address) => {
    expect(addresses.isRefused(address)).toBe(true);
  });

  it.each(['93.184.216.34', '2a00:1450:4001::1', '10.1.2.3', '::1'])('does not refuse %s', (address) => {
    expect(addresses.isRefused(address)).toBe(false);
  });

  it('refuses hosts that are written as addresses, and no names', () => {
    expect(() => addresses.requireHost('127.0.0.1')).toThrow('private');
    expect(() => addresses.requireHost('[fe80::1]')).toThrow('private');
    expect(() => addresses.requireHost('a.example')).not.toThrow();
  });

  it('finds no address of a name that has private ones alone', async () => {
    const find = (which: PrivateAddresses) =>
      new Promise((resolve, reject) => {
        which.lookup('localhost', { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
      });
    await expect(find(new PrivateAddresses([]))).rejects.toThrow('private');
    expect(await find(new PrivateAddresses(['127.0.0.0/8', '::1']))).not.toEqual([]);
  });
});
