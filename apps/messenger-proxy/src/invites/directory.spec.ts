import { TestServer } from '../server/test-server';
import { directoryOf } from './directory';

let server: TestServer;
beforeAll(async () => (server = await TestServer.start()));
beforeEach(() => {
  server.says = {};
  server.seen.length = 0;
});
afterAll(() => server.stop());

const ask = (keepMs = 60_000) => directoryOf(`${server.url}/backend/vzd/invite`, keepMs);

describe('a directory', () => {
  it('is asked who invites whom, as Matrix URIs', async () => {
    expect(await ask()('@a:partner.example', '@dr=2eb:own.example:8448')).toBe(true);
    expect(server.seen[0]).toMatchObject({ method: 'POST', target: '/backend/vzd/invite' });
    expect(server.seen[0]!.headers['content-type']).toBe('application/json');
    expect(JSON.parse(server.seen[0]!.body.toString())).toEqual({
      invitingUser: 'matrix:u/a:partner.example',
      invitedUser: 'matrix:u/dr%3D2eb:own.example:8448',
    });
  });

  it.each([403, 404])('that answers %d has said no, and is asked again the next time', async (status) => {
    const directory = ask();
    server.says = { status };
    expect(await directory('@a:b', '@c:d')).toBe(false);
    server.says = {};
    expect(await directory('@a:b', '@c:d')).toBe(true);
  });

  it('is not asked again for what it has allowed, until the time is over', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const directory = ask(60_000);
    await directory('@a:b', '@c:d');
    server.says = { status: 403 };
    expect(await directory('@a:b', '@c:d')).toBe(true);
    // The other way round is another question.
    expect(await directory('@c:d', '@a:b')).toBe(false);
    now.mockReturnValue(61_001);
    expect(await directory('@a:b', '@c:d')).toBe(false);
    now.mockRestore();
  });

  it('is asked each time where nothing is remembered', async () => {
    const directory = ask(0);
    await directory('@a:b', '@c:d');
    server.says = { status: 403 };
    expect(await directory('@a:b', '@c:d')).toBe(false);
  });

  it.each([500, 401, 302, 204])('that answers %d has said nothing', async (status) => {
    server.says = { status };
    await expect(ask()('@a:b', '@c:d')).rejects.toMatchObject({ failureClass: 'proxy-directory' });
  });

  it('that is not there has said nothing', async () => {
    const gone = await TestServer.start();
    const { url } = gone;
    await gone.stop();
    await expect(directoryOf(url, 0)('@a:b', '@c:d')).rejects.toMatchObject({
      failureClass: 'proxy-directory',
    });
  });
});
