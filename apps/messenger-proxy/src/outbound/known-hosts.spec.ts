import { KnownHosts } from './known-hosts';

const domains = ['a.example', 'b.example:8449'];
const known = (listed = domains) =>
  new KnownHosts(
    (server) => Promise.resolve(listed.includes(server)),
    () => domains,
  );
const at = (name: string, port = 8448) => ({ name, port });

describe('KnownHosts', () => {
  it('knows the places of the list by their names, and the port where a name has one', async () => {
    const hosts = known();
    expect(await hosts.isOfListed(at('A.example', 1234))).toBe(true);
    expect(await hosts.isOfListed(at('b.example', 8449))).toBe(true);
    expect(await hosts.isOfListed(at('b.example', 8450))).toBe(false);
    expect(await hosts.isOfListed(at('evil.example'))).toBe(false);
    expect(hosts.isOf(at('b.example', 8449), 'b.example:8449')).toBe(true);
    expect(hosts.isOf(at('b.example', 8449), 'a.example')).toBe(false);
  });

  it('knows what has come into the list since', async () => {
    expect(await known(['new.example', 'new.example:1']).isOfListed(at('new.example'))).toBe(true);
    expect(await known(['new.example:8448']).isOfListed(at('new.example'))).toBe(true);
  });

  it('asks for well-known files those whose names have no port', async () => {
    const hosts = known();
    expect(await hosts.isNameOfListed('a.example')).toBe(true);
    expect(await hosts.isNameOfListed('b.example')).toBe(false);
  });

  it('binds a place to the server whose well-known file has named it, and to no other', async () => {
    const hosts = known();
    hosts.noteDelegation('a.example', { 'm.server': 'Matrix.host.example:443' });
    expect(await hosts.isOfListed(at('matrix.host.example', 443))).toBe(true);
    expect(await hosts.isOfListed(at('matrix.host.example', 444))).toBe(false);
    expect(await hosts.isNameOfListed('matrix.host.example')).toBe(false);
    expect(hosts.isOf(at('matrix.host.example', 443), 'a.example')).toBe(true);
    expect(hosts.isOf(at('matrix.host.example', 443), 'b.example:8449')).toBe(false);
    hosts.noteDelegation('a.example', { 'm.server': 'srv.example' });
    expect(hosts.isOf(at('srv.example', 9999), 'a.example')).toBe(true);
  });

  it.each([{}, { 'm.server': 'not a host' }, { 'm.server': 7 }, 'x', undefined])(
    'learns nothing from %j, nor from a host outside of the list',
    async (answer) => {
      const hosts = known();
      hosts.noteDelegation('a.example', answer);
      hosts.noteDelegation('evil.example', { 'm.server': 'matrix.evil.example' });
      expect(await hosts.isOfListed(at('matrix.evil.example'))).toBe(false);
    },
  );
});
