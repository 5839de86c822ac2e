import { TestServer } from '../server/test-server';
import { listSource } from './list-source';

let server: TestServer;

beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

describe('the server of a list', () => {
  it('is asked for what is newer', async () => {
    server.says = { body: 'a.b.c\n' };
    const fetch = listSource(`${server.url}/list?sigAlg=ES256`);
    expect([await fetch(undefined), await fetch(7)]).toEqual(['a.b.c', 'a.b.c']);
    expect(server.seen.map(({ target }) => target)).toEqual([
      '/list?sigAlg=ES256',
      '/list?sigAlg=ES256&version=7',
    ]);
  });

  it.each([204, 304])('says with %d that nothing is', async (status) => {
    server.says = { status, body: '' };
    expect(await listSource(server.url)(7)).toBeUndefined();
  });

  it('that fails gives none', async () => {
    server.says = { status: 500 };
    await expect(listSource(server.url)(7)).rejects.toThrow('answered 500');
  });

  it('cannot fill the memory: an answer without an end is broken off', async () => {
    let sent = 0;
    let isBroken = false;
    server.answer = (_request, response) => {
      const part = Buffer.alloc(1024 * 1024, 'x');
      const more = (): void => {
        while (!isBroken && (sent += part.length) < 200 * part.length) if (!response.write(part)) return;
      };
      response.on('drain', more).on('close', () => (isBroken = true));
      more();
    };
    await expect(listSource(server.url)(undefined)).rejects.toThrow('more than');
    expect(sent).toBeLessThan(60 * 1024 * 1024);
  });
});
