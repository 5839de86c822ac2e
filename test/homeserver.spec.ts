import { TransientError, UserId } from '@bridge/contracts';
import { Homeserver, MatrixRefusal } from '@bridge/matrix';
import { Agent } from 'undici';
import { undiciRequest } from '../libs/matrix/src/undici-request';
import { until } from '../deploy/local/src/until';
import { FaultServer } from './support/fault-server';

let server: FaultServer;

beforeAll(async () => {
  server = await FaultServer.start();
});

beforeEach(() => {
  server.fault = {};
});

afterAll(() => server?.stop());

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: Error) => error,
  );
}

describe('undiciRequest', () => {
  const agent = new Agent();
  afterAll(() => agent.close());

  type Parameters = globalThis.Parameters<ReturnType<typeof undiciRequest>>[0];

  function ask(more: Partial<Parameters> = {}) {
    const parameters = { uri: `${server.url}/path`, method: 'GET', headers: {}, timeout: 5000, ...more };
    return new Promise<{ statusCode: number; headers: object; body: string | Buffer; same: boolean }>(
      (resolve, reject) =>
        undiciRequest(agent)(parameters, (error, response, body) => {
          if (error || !response) reject(error ?? new Error('no response'));
          else resolve({ ...response, same: response.body === body });
        }),
    );
  }

  it('writes a query with lists, numbers and truth values, beside what the address holds', async () => {
    await ask({
      uri: `${server.url}/path?a=1`,
      qs: { via: ['care.example', 'gp.example'], limit: 5, full: true, text: 'a&b=c d' },
    });
    const { pathname, searchParams } = new URL(server.last.target, server.url);
    expect(pathname).toBe('/path');
    expect([...searchParams]).toEqual([
      ['a', '1'],
      ['via', 'care.example'],
      ['via', 'gp.example'],
      ['limit', '5'],
      ['full', 'true'],
      ['text', 'a&b=c d'],
    ]);
  });

  it('sends method, headers and body as they are, text or bytes', async () => {
    await ask({ method: 'PUT', headers: { 'x-test': 'yes' }, body: '{"a":"é"}' });
    expect(server.last).toMatchObject({ method: 'PUT', target: '/path' });
    expect(server.last.headers['x-test']).toBe('yes');
    expect(server.last.body.toString()).toBe('{"a":"é"}');
    const bytes = Buffer.from([0, 255, 10, 13]);
    await ask({ method: 'POST', body: bytes });
    expect(server.last.body.equals(bytes)).toBe(true);
  });

  it('answers with text, or with bytes where they are asked for', async () => {
    server.fault = { status: 202, headers: { 'x-answer': 'a' }, body: 'naïve' };
    expect(await ask()).toMatchObject({ statusCode: 202, body: 'naïve', same: true });
    const { body } = await ask({ encoding: null });
    expect(Buffer.isBuffer(body) && body.toString()).toBe('naïve');
  });

  it.each([404, 500])('answers with a %d instead of failing: its meaning is not for here', async (status) => {
    server.fault = { status, body: '{"errcode":"M_X"}' };
    expect(await ask()).toMatchObject({ statusCode: status, body: '{"errcode":"M_X"}' });
  });

  it('fails once the server has said nothing for the time given', async () => {
    server.fault = { hang: true };
    await expect(ask({ timeout: 50 })).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
  });

  it('fails where no server is, and where the address is none', async () => {
    const gone = await FaultServer.start();
    const { url } = gone;
    await gone.stop();
    await expect(ask({ uri: url })).rejects.toThrow('ECONNREFUSED');
    await expect(ask({ uri: 'no address' })).rejects.toThrow('Invalid URL');
  });
});

describe('a call to the homeserver', () => {
  let homeserver: Homeserver;

  // A new one for each: one that was asked for patience has some.
  beforeEach(() => {
    homeserver = new Homeserver({
      url: `${server.url}/`,
      asToken: 'token-for-tests',
      requestTimeoutMs: 5000,
    });
  });
  afterEach(() => homeserver.onApplicationShutdown());

  const call = (more: Partial<Parameters<Homeserver['call']>[0]> = {}) =>
    homeserver.call({ operation: 'try', method: 'PUT', path: '/_matrix/client/v3/x', ...more });

  it('bears the token, and acts as a ghost where it is told to', async () => {
    server.fault = { body: '{"event_id":"$e"}' };
    const answer = await call({
      body: { a: 1 },
      query: { ts: '5' },
      as: UserId.parse('@_fhir_bridge_0f:care.example'),
    });
    expect(answer).toEqual({ event_id: '$e' });
    expect(server.last.headers.authorization).toBe('Bearer token-for-tests');
    expect(JSON.parse(server.last.body.toString())).toEqual({ a: 1 });
    const { pathname, searchParams } = new URL(server.last.target, server.url);
    expect(pathname).toBe('/_matrix/client/v3/x');
    expect(Object.fromEntries(searchParams)).toEqual({ ts: '5', user_id: '@_fhir_bridge_0f:care.example' });
  });

  it('sends an object where there is no body, as homeservers demand, but nothing with a GET', async () => {
    await call({ method: 'POST' });
    expect(server.last.body.toString()).toBe('{}');
    await call({ method: 'GET' });
    expect(server.last.body.length).toBe(0);
  });

  const words = 'Cornelia Kanarie';
  const error = (errcode: string, more: object = {}) => JSON.stringify({ errcode, error: words, ...more });

  it.each([
    [403, error('M_FORBIDDEN'), { recovery: 'permanent', errcode: 'M_FORBIDDEN', status: 403 }],
    [404, error('M_NOT_FOUND'), { recovery: 'permanent', errcode: 'M_NOT_FOUND', status: 404 }],
    [400, error('M_USER_IN_USE'), { recovery: 'permanent', errcode: 'M_USER_IN_USE' }],
    [401, error('M_UNKNOWN_TOKEN'), { recovery: 'needs-person', failureClass: 'homeserver-token' }],
    [429, error('M_LIMIT_EXCEEDED', { retry_after_ms: 77 }), { recovery: 'transient', retryAfterMs: 77 }],
    [500, error('M_UNKNOWN'), { recovery: 'transient', failureClass: 'homeserver-busy' }],
    [502, `<html>${words}</html>`, { recovery: 'transient', failureClass: 'homeserver-busy' }],
    [403, `<html>${words}</html>`, { recovery: 'permanent', errcode: 'M_UNKNOWN' }],
    [503, '', { recovery: 'transient', failureClass: 'homeserver-busy' }],
  ])(
    'that is answered with %d %s fails as %j, without the words of the answer',
    async (status, body, expected) => {
      server.fault = { status, body };
      const failure = await failureOf(call());
      expect(failure).toMatchObject(expected);
      expect(failure).toBeInstanceOf(expected.recovery === 'permanent' ? MatrixRefusal : TransientError);
      expect(`${failure.message} ${String(failure.cause)}`).not.toContain('Kanarie');
    },
  );

  it('that is not answered in time fails as one to a homeserver that is away', async () => {
    server.fault = { hang: true };
    const failure = await failureOf(call({ timeoutMs: 50 }));
    expect(failure).toMatchObject({ recovery: 'transient', failureClass: 'homeserver-away' });
    expect(failure.message).toContain('UND_ERR_HEADERS_TIMEOUT');
  });

  it('is not made at all until the time has passed that a 429 asked for, whoever makes it', async () => {
    const askedFor = 2_000;
    server.fault = { status: 429, body: error('M_LIMIT_EXCEEDED', { retry_after_ms: askedFor }) };
    await failureOf(call());
    const asked = server.seen.length;
    server.fault = {};
    const refusals = await Promise.all(Array.from({ length: 50 }, () => failureOf(call({ method: 'GET' }))));
    expect(server.seen).toHaveLength(asked);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ recovery: 'transient', failureClass: 'homeserver-busy' });
      const { retryAfterMs } = refusal as TransientError;
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(askedFor);
    }
    await until('the homeserver is called again', () =>
      call().then(
        () => true,
        () => false,
      ),
    );
    expect(server.seen).toHaveLength(asked + 1);
  });

  it('may carry bytes', async () => {
    const body = Buffer.from([0x89, 0x50, 0, 255]);
    await call({ method: 'POST', body, contentType: 'image/png' });
    expect(server.last.headers['content-type']).toBe('image/png');
    expect(server.last.body.equals(body)).toBe(true);
  });
});
