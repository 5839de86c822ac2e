import { KnownHosts } from './known-hosts';

const domains = ['a.example', 'b.example:8449'];
const known = () => new KnownHosts((server) => Promise.resolve(domains.includes(server)), () => domains);

describe('KnownHosts', () => {
  it('knows the hosts of the list by their names, whatever the port', async () => {
    const hosts = known();
    expect(await hosts.isOfListed('A.example')).toBe(true);
    expect(await hosts.isOfListed('b.example')).toBe(true);
    expect(await hosts.isOfListed('evil.example')).toBe(false);
    expect([hosts.isOf('b.example', 'b.example:8449'), hosts.isOf('b.example', 'a.example')]).toEqual([true, false]);
  });

  it('binds a host to the server whose well-known file has named it, and to no other', async () => {
    const hosts = known();
    hosts.noteDelegation('a.example', { 'm.server': 'Matrix.host.example:443' });
    expect(await hosts.isOfListed('matrix.host.example')).toBe(true);
    expect(await hosts.isNameOfListed('matrix.host.example')).toBe(false);
    expect(hosts.isOf('matrix.host.example', 'a.example')).toBe(true);
    expect(hosts.isOf('matrix.host.example', 'b.example:8449')).toBe(false);
  });

  it.each([{}, { 'm.server': 'not a host' }, { 'm.server': 7 }, 'x', undefined])(
    'learns nothing from %j, nor from a host outside of the list',
    async (answer) => {
      const hosts = known();
      hosts.noteDelegation('a.example', answer);
      hosts.noteDelegation('evil.example', { 'm.server': 'matrix.evil.example' });
      expect(await hosts.isOfListed('matrix.evil.example')).toBe(false);
    },
  );
});
