import 'reflect-metadata';
import { generateKeyPairSync, sign } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ExtendedKeyUsage, makeAuthority, makeLeaf } from '@bridge/certificates';
import { request } from 'undici';
import { canonicalText } from '@bridge/signed-json';
import { TestServer } from '../server/test-server';
import { type TestInbound, callAsClient, startTestInbound, textOf } from './test-inbound';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

let homeserver: TestServer;
/** Before the same homeserver: one that checks signatures, and one that leaves them to it. */
let checking: TestInbound;
let trusting: TestInbound;

beforeAll(async () => {
  homeserver = await TestServer.start();
  checking = await startTestInbound(homeserver.url, { keys: { find: () => Promise.resolve(publicKey) } });
  trusting = await startTestInbound(homeserver.url);
});

afterAll(async () => {
  await checking.stop();
  await trusting.stop();
  await homeserver.stop();
});

beforeEach(() => {
  homeserver.seen.length = 0;
});

/** A call of a.example, which it has signed as it is written. */
async function call(
  { port }: TestInbound,
  method: 'PUT' | 'POST',
  path: string,
  content: string,
  isSigned = true,
): Promise<[status: number, errcode: string | undefined]> {
  const signed = `{"content":${isSigned ? content : '{}'},"destination":"own.example","method":"${method}","origin":"a.example","uri":"${path}"}`;
  const signature = sign(null, Buffer.from(isSigned ? canonicalText(signed) : signed), privateKey);
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      authorization: `X-Matrix origin="a.example",destination="own.example",key="ed25519:k",sig="${signature.toString('base64').replace(/=+$/, '')}"`,
      'content-type': 'application/json',
    },
    body: content,
  });
  return [statusCode, ((await body.json()) as { errcode?: string }).errcode];
}
const send = '/_matrix/federation/v1/send/1';
const toDevice = (content: string) =>
  `{"edus":[{"content":{"messages":{"@me:own.example":{"D":{"x":${content}}}},"sender":"@x:a.example"},"edu_type":"m.direct_to_device"}],"origin":"a.example","pdus":[]}`;

describe('a transaction whose signature is checked', () => {
  it.each(['1.0', '1e+22', '9007199254740993', '-0.0'])(
    'comes through as it was signed with the number %s, which JavaScript writes otherwise',
    async (number) => {
      const content = toDevice(number);
      expect(await call(checking, 'PUT', send, content)).toEqual([200, undefined]);
      expect(homeserver.seen.map(({ body }) => body.toString())).toEqual([content]);
    },
  );

  it('goes no further where it is another one than was signed', async () => {
    expect(await call(checking, 'PUT', send, toDevice('1.0'), false)).toEqual([401, 'M_UNAUTHORIZED']);
    expect(homeserver.seen).toEqual([]);
  });

  it('may nest as deep as any homeserver reads', async () => {
    expect(await call(checking, 'PUT', send, toDevice(nested(9_900)))).toEqual([200, undefined]);
  });
});

describe('a body that nests without end', () => {
  it.each([
    ['a transaction', 'PUT', send, toDevice(nested(100_000))],
    ['an invite', 'PUT', '/_matrix/federation/v2/invite/!r/$e', `{"event":${nested(100_000)}}`],
    ['a join', 'PUT', '/_matrix/federation/v2/send_join/!r/$e', `{"a":${nested(100_000)}}`],
    [
      'a question for keys',
      'POST',
      '/_matrix/key/v2/query',
      `{"server_keys":{"a.example":${nested(100_000)}}}`,
    ],
  ] as const)('is none: %s', async (_what, method, path, content) => {
    for (const proxy of [checking, trusting]) {
      expect(await call(proxy, method, path, content, false)).toEqual([400, 'M_BAD_JSON']);
    }
    expect(homeserver.seen).toEqual([]);
  });

  it.each([100_000, 9_900])('is none for a new room that is written anew: %d', async (depth) => {
    const content = `{"a":${nested(depth)}}`;
    const answer = await callAsClient(trusting.port, 'POST', '/_matrix/client/v3/createRoom', content);
    expect([answer.statusCode, JSON.parse(await textOf(answer))]).toEqual([
      400,
      expect.objectContaining({ errcode: 'M_BAD_JSON' }),
    ]);
  });
});

it.each([
  '/_matrix/federation/v1/exchange_third_party_invite/!r:own.example',
  '/_matrix/federation/v1/3pid/onbind',
])('nobody is made to be invited by an address: %s', async (path) => {
  const content =
    '{"type":"m.room.member","sender":"@me:own.example","state_key":"@x:a.example","content":{}}';
  expect(await call(checking, 'PUT', path, content)).toEqual([403, 'M_FORBIDDEN']);
  expect(homeserver.seen).toEqual([]);
});

it('somebody comes in by a call of their own homeserver alone', async () => {
  const path = '/_matrix/federation/v2/send_join/!r:own.example/$e';
  const join = (sender: string) =>
    `{"content":{"membership":"join"},"sender":"${sender}","state_key":"${sender}","type":"m.room.member"}`;
  expect(await call(checking, 'PUT', path, join('@x:a.example'))).toEqual([200, undefined]);
  expect(await call(checking, 'PUT', path, join('@x:evil.example'))).toEqual([403, 'M_FORBIDDEN']);
});

it('the homeserver is told who calls by nobody but the proxy where TLS ends there', async () => {
  const validity = { now: new Date(), days: 1 };
  const authority = await makeAuthority('test', validity);
  const tls = await makeLeaf(authority, { dns: ['localhost'] }, [ExtendedKeyUsage.serverAuth], validity);
  const proxy = await startTestInbound(homeserver.url, { tls });
  const asked = httpsRequest({
    port: proxy.port,
    host: 'localhost',
    path: '/_matrix/client/v3/sync',
    ca: authority.certificatePem,
    agent: false,
    headers: {
      'X-Forwarded-For': '10.0.0.1',
      'x-forwarded-proto': 'http',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'for=10.0.0.1',
    },
  }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  await textOf(answer);
  await proxy.stop();
  const [{ headers } = { headers: {} }] = homeserver.seen;
  expect(headers).toMatchObject({
    'x-forwarded-for': expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': `localhost:${proxy.port}`,
  });
  expect(headers).not.toHaveProperty('forwarded');
});
