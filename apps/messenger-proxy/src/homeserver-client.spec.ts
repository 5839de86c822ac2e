import { HomeserverClient } from './homeserver-client';
import { Forwarder } from './server/forwarder';
import { TestServer } from './server/test-server';

const token = 'a-token-of-an-administrator';
let server: TestServer;
let forwarder: Forwarder;
let client: HomeserverClient;

beforeAll(async () => {
  server = await TestServer.start();
  forwarder = new Forwarder(server.url, 10);
  client = new HomeserverClient(forwarder, token);
});
beforeEach(() => {
  server.seen.length = 0;
  server.says = {};
});
afterAll(async () => {
  await forwarder.close();
  await server.stop();
});

describe('weakness 1: what the proxy asks of the homeserver', () => {
  it('needs no login: each question is one request with the token it has', async () => {
    server.says = { body: '{"account_data":{"global":{"a":1}}}' };
    for (let times = 0; times < 3; times += 1) {
      expect(await client.accountData('@me:own.example')).toEqual({ a: 1 });
    }
    expect(server.seen.map(({ method, target }) => `${method} ${target}`)).toEqual(
      Array(3).fill('GET /_synapse/admin/v1/users/%40me%3Aown.example/accountdata'),
    );
    expect(new Set(server.seen.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${token}`]),
    );
  });

  it('asks with nobody’s token in place of another’s, whatever is asked at the same time', async () => {
    server.says = { body: '{"user_id":"@me:own.example"}' };
    await Promise.all([client.whoami('of-a'), client.accountData('@b:own.example'), client.whoami('of-c')]);
    expect(server.seen.map(({ headers }) => headers.authorization).sort()).toEqual([
      `Bearer ${token}`,
      'Bearer of-a',
      'Bearer of-c',
    ]);
  });
});

describe('the Admin API', () => {
  it('is called with the token, and a body where there is one', async () => {
    server.says = { body: '{"delete_id":"x"}' };
    expect(await client.admin('DELETE', '/_synapse/admin/v2/rooms/!r', { purge: true })).toEqual({
      delete_id: 'x',
    });
    expect(server.seen[0]).toMatchObject({
      method: 'DELETE',
      target: '/_synapse/admin/v2/rooms/!r',
      body: Buffer.from('{"purge":true}'),
    });
    expect(server.seen[0]!.headers.authorization).toBe(`Bearer ${token}`);
  });

  it.each([
    [403, 'PROXY_ADMIN_TOKEN is not of an administrator'],
    [500, 'the homeserver is away'],
  ])('that answers %d says what to do', async (status, advice) => {
    server.says = { status };
    await expect(client.admin('GET', '/_synapse/admin/v1/rooms')).rejects.toMatchObject({ advice });
  });

  it('that is away is a failure that passes', async () => {
    server.answer = (request) => request.socket.destroy();
    await expect(client.admin('GET', '/_synapse/admin/v1/rooms')).rejects.toMatchObject({
      failureClass: 'proxy-homeserver',
    });
    server.answer = undefined;
  });
});
