import { once } from 'node:events';
import { type ServerResponse, request as httpRequest } from 'node:http';
import { FederationList } from './federation-list/federation-list';
import { listPayload } from './federation-list/test-lists';
import { type TestInbound, callAsClient, startTestInbound, textOf } from './inbound/test-inbound';
import { TestServer } from './server/test-server';

// What gematik's reference implementation does worse. The other weaknesses are tested where their rule is: the table is in
// docs/messenger-proxy.md.

let homeserver: TestServer;
let proxy: TestInbound;

beforeAll(async () => {
  homeserver = await TestServer.start();
  proxy = await startTestInbound(homeserver.url);
});
beforeEach(() => {
  homeserver.seen.length = 0;
  homeserver.says = {};
  homeserver.answer = undefined;
});
afterAll(async () => {
  await proxy.stop();
  await homeserver.stop();
});

const sync = '/_matrix/client/v3/sync';

describe('weakness 1: a login for each check', () => {
  it('a redaction costs one question, with the token of whoever redacts', async () => {
    homeserver.says = { body: JSON.stringify({ origin_server_ts: Date.now() }) };
    const path = '/_matrix/client/v3/rooms/!r:own.example/redact/$e/1';
    expect((await callAsClient(proxy.port, 'PUT', path, '{}')).statusCode).toBe(200);
    expect(homeserver.seen.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /_matrix/client/v3/rooms/!r%3Aown.example/event/%24e',
      `PUT ${path}`,
    ]);
    expect(homeserver.seen[0]!.headers.authorization).toBe('Bearer mine');
  });
});

describe('weakness 2: long polls', () => {
  it('of 500 clients leave all others room', async () => {
    const polls: ServerResponse[] = [];
    homeserver.answer = (request, response) => {
      if (request.url === sync) polls.push(response);
      else response.writeHead(200).end('{}');
    };
    const waiting = Array.from({ length: 500 }, () => callAsClient(proxy.port, 'GET', sync));
    while (polls.length < waiting.length) await new Promise((resolve) => setImmediate(resolve));
    const profile = '/_matrix/client/v3/profile/%40a%3Aown.example';
    expect((await callAsClient(proxy.port, 'GET', profile)).statusCode).toBe(200);
    for (const poll of polls) poll.writeHead(200).end('{"next_batch":"1"}');
    const answers = await Promise.all((await Promise.all(waiting)).map(textOf));
    expect(new Set(answers)).toEqual(new Set(['{"next_batch":"1"}']));
  }, 30_000);
});

describe('weakness 3: bodies in memory', () => {
  it('the homeserver has the first part of an upload before the last was sent', async () => {
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    homeserver.answer = (request, response) => {
      request.once('data', () => arrived());
      request.once('end', () => response.writeHead(200).end('{}'));
    };
    const { port } = proxy;
    const headers = { authorization: 'Bearer mine', 'transfer-encoding': 'chunked' };
    const path = '/_matrix/media/v3/upload';
    const upload = httpRequest({ port, host: '127.0.0.1', method: 'POST', path, headers, agent: false });
    upload.write(Buffer.alloc(100_000));
    await first;
    upload.end('the end');
    await once(upload, 'response');
  });

  it('the client has the first part of an answer before the last was made', async () => {
    let finish: () => void = () => undefined;
    homeserver.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first ');
      finish = () => response.end('last');
    };
    const download = '/_matrix/client/v1/media/download/a.example/x';
    const response = await callAsClient(proxy.port, 'GET', download);
    const parts = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    expect(String((await parts.next()).value)).toBe('first ');
    finish();
    expect(String((await parts.next()).value)).toBe('last');
  });
});

describe('weakness 4: a list that is read for each check', () => {
  it('of 20,000 homeservers answers 200,000 questions at once', () => {
    const domains = Array.from({ length: 20_000 }, (_value, index) => `s${index}.example`);
    const list = FederationList.parse(listPayload(1, domains));
    const from = performance.now();
    for (let times = 0; times < 200_000; times += 1) list.find(`s${times % 30_000}.example`);
    // A list that is gone through, or copied, for each takes minutes.
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('weakness 5: a log level for everybody', () => {
  it.each([
    ['PUT', '/actuator/logging/TRACE'],
    ['GET', '/actuator/health'],
    ['GET', '/metrics'],
  ])('%s %s is nothing that the outside can call', async (method, path) => {
    expect((await callAsClient(proxy.port, method, path)).statusCode).toBe(404);
    expect(homeserver.seen).toEqual([]);
  });
});

describe('weakness 12: answers that are written over', () => {
  it.each([
    [404, '{"errcode":"M_NOT_FOUND","error":"No such event","more":1}'],
    [405, '{"errcode":"M_UNRECOGNIZED","error":"of the homeserver"}'],
    [415, 'of the homeserver'],
    [429, '{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":5}'],
    [500, '<html>of the homeserver</html>'],
  ])('a %d of the homeserver keeps its body', async (status, body) => {
    homeserver.says = { status, body };
    const response = await callAsClient(proxy.port, 'GET', sync);
    expect([response.statusCode, await textOf(response)]).toEqual([status, body]);
  });

  it('nor is one for another homeserver', async () => {
    const body = '{"errcode":"M_NOT_FOUND","error":"Could not find event"}';
    homeserver.says = { status: 404, body };
    const sig = 'A'.repeat(86);
    const { port } = proxy;
    const request = httpRequest({
      port,
      host: '127.0.0.1',
      path: '/_matrix/federation/v1/event/$e',
      headers: { authorization: `X-Matrix origin="a.example",key="ed25519:k",sig="${sig}"` },
      agent: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [Parameters<typeof textOf>[0]];
    expect([response.statusCode, await textOf(response)]).toEqual([404, body]);
  });
});
