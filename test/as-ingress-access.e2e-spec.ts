import { randomUUID } from 'node:crypto';
import { FhirRef, UserId } from '@bridge/contracts';
import { ParticipantStore } from '@bridge/persistence';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startAsIngress } from '../apps/as-ingress/src/start-as-ingress';
import {
  AsIngressFixture,
  asToken,
  basePath,
  events,
  hsToken,
  message,
  previousHsToken,
} from './support/as-ingress-fixture';
import { httpRequest } from './support/http-request';

let ingress: AsIngressFixture;

beforeAll(async () => {
  ingress = await AsIngressFixture.start();
}, 60_000);

afterAll(() => ingress?.stop());

beforeEach(() => ingress.emptyQueues());

describe('the token', () => {
  const ping = { method: 'POST', target: `${basePath}/ping` };

  it('is accepted in the header', async () => {
    const answer = await ingress.call(ping);
    expect([answer.status, answer.json()]).toEqual([200, {}]);
  });

  it.each([
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['another scheme', { authorization: `Basic ${hsToken}` }],
  ])('is missing with %s: 401', async (_case, headers) => {
    const answer = await httpRequest(ingress.url, { ...ping, headers });
    expect([answer.status, answer.json()]).toMatchObject([401, { errcode: 'M_MISSING_TOKEN' }]);
  });

  it.each([hsToken.slice(0, -1), `${hsToken}x`, asToken, 'x'])('is wrong with %s: 403', async (token) => {
    const answer = await ingress.call(ping, `Bearer ${token}`);
    expect([answer.status, answer.json()]).toMatchObject([403, { errcode: 'M_FORBIDDEN' }]);
    expect(answer.text).not.toContain(token);
  });

  it('is not accepted in the query', async () => {
    const answer = await httpRequest(ingress.url, {
      ...ping,
      target: `${basePath}/ping?access_token=${hsToken}`,
    });
    expect(answer.status).toBe(401);
  });

  it('may stand in the query beside the header when it is the same', async () => {
    expect((await ingress.call({ ...ping, target: `${basePath}/ping?access_token=${hsToken}` })).status).toBe(
      200,
    );
    for (const query of [
      'access_token=x',
      `access_token=${hsToken}&access_token=${hsToken}`,
      'access_token',
    ]) {
      expect((await ingress.call({ ...ping, target: `${basePath}/ping?${query}` })).status).toBe(403);
    }
  });

  it('before the present one is accepted while it is being changed, and counted, so that its end is seen', async () => {
    const before = await ingress.counts('bridge_as_requests_total');
    expect((await ingress.call(ping, `Bearer ${previousHsToken}`)).status).toBe(200);
    expect((await ingress.call(ping)).status).toBe(200);
    expect((await ingress.call(ping, 'Bearer x')).status).toBe(403);
    expect((await ingress.call(ping, '')).status).toBe(401);
    const after = await ingress.counts('bridge_as_requests_total');
    const grown = Object.entries(after).map(([token, value]) => [token, value - (before[token] ?? 0)]);
    expect(Object.fromEntries(grown)).toEqual({ current: 1, previous: 1, missing: 1, wrong: 1 });
  });

  it.each([
    ['PUT', `${basePath}/transactions/1`],
    ['GET', `${basePath}/users/@_bridge_1:care.example`],
    ['GET', `${basePath}/rooms/%23x:care.example`],
    ['HEAD', `${basePath}/users/@_bridge_1:care.example`],
    ['PUT', `http://elsewhere.example${basePath}/transactions/1`],
    ['PUT', '/%5fmatrix/app/v1/transactions/1'],
  ])('is needed for %s %s', async (method, target) => {
    const answer = await httpRequest(ingress.url, {
      method,
      target,
      body: method === 'PUT' ? events(message('!a')) : undefined,
    });
    expect(answer.status).toBe(401);
    expect(await ingress.queue.held('MAPPING')).toEqual([]);
  });
});

describe('routes', () => {
  it.each([
    ['POST', '/_matrix/app/unstable/org.matrix.msc3983/keys/claim'],
    ['POST', '/_matrix/app/unstable/org.matrix.msc3984/keys/query'],
    ['GET', '/transactions/1'],
    ['PUT', `/transactions/1?access_token=${hsToken}`],
    ['GET', '/users/@_bridge_1:care.example'],
    ['GET', '/rooms/%23x:care.example'],
    ['GET', '/_matrix/app/unstable/thirdparty/protocol/fhir'],
    ['GET', `${basePath}/thirdparty/protocol`],
    ['PUT', `${basePath}/transactions`],
    ['GET', '/secret-in-path'],
  ])('answers the unknown %s %s with 404 and M_UNRECOGNIZED', async (method, target) => {
    const answer = await ingress.call({ method, target });
    expect([answer.status, answer.json()]).toEqual([
      404,
      { errcode: 'M_UNRECOGNIZED', error: 'Unknown endpoint.' },
    ]);
  });

  it.each([
    ['GET', `${basePath}/transactions/1`, 'PUT'],
    ['POST', `${basePath}/transactions/1?x=y`, 'PUT'],
    ['PUT', `${basePath}/users/@_bridge_1:care.example`, 'GET'],
    ['DELETE', `${basePath}/rooms/%23x:care.example`, 'GET'],
    ['GET', `${basePath}/ping`, 'POST'],
    ['POST', `${basePath}/thirdparty/protocol/fhir`, 'GET'],
    ['PUT', `${basePath}/thirdparty/user/fhir`, 'GET'],
    ['POST', `${basePath}/thirdparty/location`, 'GET'],
  ])('answers the wrong method of %s %s with 405 and the right one', async (method, target, allow) => {
    const answer = await ingress.call({ method, target });
    expect([answer.status, answer.headers.allow, answer.json()]).toMatchObject([
      405,
      allow,
      { errcode: 'M_UNRECOGNIZED' },
    ]);
  });

  it('leaves health its own form', async () => {
    const answer = await httpRequest(ingress.url, { method: 'GET', target: '/ready' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        ready: true,
        checks: { start: 'up', nats: 'up', postgres: 'up' },
        details: { transactions: expect.any(String) as string },
      },
    ]);
  });
});

// From here on another app runs in this process. matrix-bot-sdk has one HTTP client for all: that of the latest.

describe('for homeservers from before Matrix 1.4, when they are to be served,', () => {
  let legacy: NestFastifyApplication;
  let legacyUrl: string;

  beforeAll(async () => {
    legacy = await startAsIngress({
      ...ingress.config,
      appservice: { ...ingress.config.appservice, legacyPaths: true },
    });
    legacyUrl = await legacy.getUrl();
  }, 30_000);
  afterAll(() => legacy?.close());

  const token = `access_token=${hsToken}`;
  const ask = async (method: string, target: string, headers = {}, body?: string): Promise<unknown[]> => {
    const answer = await httpRequest(legacyUrl, { method, target, headers, body });
    return [answer.status, answer.json()];
  };

  it('a transaction at the unversioned path is stored', async () => {
    const event = message('!a');
    expect(await ask('PUT', `/transactions/old?${token}`, {}, events(event))).toEqual([200, {}]);
    expect(await ingress.queue.heldJson('MAPPING')).toEqual([event]);
  });

  it('lookups at the unversioned and unstable paths are answered', async () => {
    const ghost = UserId.parse(`@_bridge_${randomUUID()}:care.example`);
    const fhirRef = FhirRef.parse(`Practitioner/${randomUUID()}`);
    const person = { fhirRef, accountUserId: null, displayName: 'A. Nurse', mapping: { fhirRef } };
    await legacy.get(ParticipantStore).save(person, () => ghost);
    expect(await ask('GET', `/users/${encodeURIComponent(ghost)}?${token}`)).toEqual([200, {}]);
    expect(await ask('GET', `/rooms/%23_bridge_x:care.example?${token}`)).toMatchObject([
      404,
      { errcode: 'M_NOT_FOUND' },
    ]);
    const unstable = '/_matrix/app/unstable/thirdparty';
    expect(await ask('GET', `${unstable}/user/fhir?reference=${fhirRef}&${token}`)).toMatchObject([
      200,
      [{ userid: ghost }],
    ]);
  });

  it('the token in the query counts, and has to be the one in the header where both are', async () => {
    const target = `${basePath}/ping`;
    const header = { authorization: `Bearer ${hsToken}` };
    expect(await ask('POST', `${target}?${token}`)).toEqual([200, {}]);
    expect(await ask('POST', target, header)).toEqual([200, {}]);
    expect(await ask('POST', `${target}?${token}`, header)).toEqual([200, {}]);
    for (const query of ['access_token=x', `access_token=${previousHsToken}`, `${token}&${token}`])
      expect(await ask('POST', `${target}?${query}`, header)).toMatchObject([
        403,
        { errcode: 'M_FORBIDDEN' },
      ]);
    expect(await ask('POST', `${target}?access_token=x`)).toMatchObject([403, { errcode: 'M_FORBIDDEN' }]);
    expect(await ask('PUT', '/transactions/1', {}, '{}')).toMatchObject([
      401,
      { errcode: 'M_MISSING_TOKEN' },
    ]);
  });

  it('failures have the form of the specification', async () => {
    expect(await ask('GET', `/transactions/1?${token}`)).toMatchObject([405, { errcode: 'M_UNRECOGNIZED' }]);
    expect(await ask('GET', '/nothing')).toMatchObject([404, { errcode: 'M_UNRECOGNIZED' }]);
  });
});
