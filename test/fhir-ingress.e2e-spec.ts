import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFhirIngress } from '../apps/fhir-ingress/src/start-fhir-ingress';
import { fhirIngressConfig } from './support/fhir-ingress-config';
import { httpRequest, type HttpAnswer, type HttpCall } from './support/http-request';
import { InspectedQueue } from './support/inspected-queue';
import { until } from './support/until';

const EHR_SECRET = 'secret-of-the-ehr';
const LAB_SECRET = 'secret-of-the-lab';
const BODY_LIMIT = 2 * 1024 * 1024;

let queue: InspectedQueue;
let config: ReturnType<typeof fhirIngressConfig>;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  queue = await InspectedQueue.start();
  config = fhirIngressConfig(queue.server.url, {
    HTTP_BODY_LIMIT_BYTES: String(BODY_LIMIT),
    FHIR_NOTIFICATION_SECRETS: `ehr=${EHR_SECRET},lab=${LAB_SECRET}`,
  });
  app = await startFhirIngress(config);
  url = await app.getUrl();
  await until('the first pulls', async () => (await queue.held('MAPPING')).length === 2);
}, 60_000);

afterAll(async () => {
  await app?.close();
  await queue?.stop();
});

/** As the FHIR server `ehr` calls, with a media type where there is a body. */
function notify(call: HttpCall): Promise<HttpAnswer> {
  const headers = {
    authorization: `Bearer ${EHR_SECRET}`,
    ...(call.body !== undefined && { 'content-type': 'application/fhir+json;charset=UTF-8' }),
    ...call.headers,
  };
  return httpRequest(url, { ...call, headers });
}

function put(body: string | Buffer, headers: Record<string, string> = {}): Promise<HttpAnswer> {
  return notify({ method: 'PUT', target: '/notify/ehr/Communication/c-1', body, headers });
}

function outcome(code: string): object {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code, diagnostics: expect.any(String) as string }],
  };
}

/** Comes first: the other tests empty the queue. */
describe('the safety net', () => {
  it('queues one pull per source at the start, and none for a replica that starts in the same interval', async () => {
    const replica = await startFhirIngress(config);
    // The replica's own notification comes after its timer's pulls: when it is there, they have been decided on.
    const answer = await httpRequest(await replica.getUrl(), {
      method: 'POST',
      target: '/notify/ehr',
      headers: { authorization: `Bearer ${EHR_SECRET}` },
    });
    expect(answer.status).toBe(204);
    await replica.close();
    const pulls = await queue.heldJson('MAPPING');
    expect(pulls.map(({ source }) => source).sort()).toEqual(['ehr', 'ehr', 'lab']);
  });
});

describe('a notification', () => {
  beforeEach(() => queue.empty('MAPPING', 'DEAD_LETTERS'));

  it('without body queues a pull of its source and is answered with 204 and nothing more', async () => {
    const answer = await notify({ method: 'POST', target: '/notify/ehr' });
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([204, '', undefined]);
    const [message, ...more] = await queue.held('MAPPING');
    expect(more).toEqual([]);
    expect(message?.subject).toMatch(/^mapping\.\d+\.fhir\.pull$/);
    expect(JSON.parse(message?.payload.toString() ?? '')).toEqual({ source: 'ehr' });
    expect(message?.header('Bridge-Key')).toBe('ehr');
  });

  it('is queued each time: what changed after the last one has to be read as well', async () => {
    for (let times = 0; times < 3; times++) await notify({ method: 'POST', target: '/notify/ehr' });
    expect(await queue.held('MAPPING')).toHaveLength(3);
  });

  it.each([
    'application/fhir+json',
    'application/json',
    'application/json+fhir',
    'Application/FHIR+JSON; charset=utf-8',
  ])('with a payload of type %s queues a pull and none of the payload', async (mediaType) => {
    const answer = await put(
      '{"resourceType":"Communication","id":"c-1","payload":[{"contentString":"secret"}]}',
      {
        'content-type': mediaType,
      },
    );
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await queue.heldJson('MAPPING')).toEqual([{ source: 'ehr', types: ['Communication'] }]);
    expect(await queue.held('DEAD_LETTERS')).toEqual([]);
  });

  it.each([
    ['is no JSON', '{"resourceType":'],
    ['is no resource', '[]'],
    ['is another type', '{"resourceType":"Task","id":"c-1"}'],
    ['has another id', '{"resourceType":"Communication","id":"c-2"}'],
    ['is missing', ''],
  ])('whose payload %s is kept in the dead letters and queues a pull all the same', async (_case, body) => {
    expect((await put(body)).status).toBe(204);
    const [letter, ...more] = await queue.held('DEAD_LETTERS');
    expect(more).toEqual([]);
    expect(letter?.payload.toString()).toBe(body);
    expect(letter?.header('Bridge-Failure-Class')).toBe('malformed-notification');
    expect(await queue.heldJson('MAPPING')).toEqual([{ source: 'ehr' }]);
  });

  it('that is malformed and too large for one queue message is kept cut', async () => {
    expect((await put('x'.repeat(1_500_000))).status).toBe(204);
    const [letter] = await queue.held('DEAD_LETTERS');
    expect(letter?.payload.toString()).toBe('x'.repeat(512 * 1024));
    expect(letter?.header('Bridge-Reason')).toContain('of 1500000 bytes');
    expect(await queue.held('MAPPING')).toHaveLength(1);
  });

  it.each([100_000, 500_000])(
    'of %d levels is kept in the dead letters and holds nobody up',
    async (levels) => {
      const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
      expect((await put(`{"resourceType":"Communication","id":"c-1","x":${deep}}`)).status).toBe(204);
      const [letter] = await queue.held('DEAD_LETTERS');
      expect(letter?.header('Bridge-Reason')).toContain('nested deeper than 500 levels');
      expect(await queue.heldJson('MAPPING')).toEqual([{ source: 'ehr' }]);
    },
    5_000,
  );

  it.each([
    ['POST', '/notify/ehr', 'application/fhir+xml'],
    ['POST', '/notify/ehr/Communication', 'application/fhir+xml'],
    ['PUT', '/notify/ehr/Communication/c-1', 'application/xml'],
    ['PUT', '/notify/ehr/Communication/c-1', 'text/plain'],
    ['PUT', '/notify/ehr/Communication/c-1', 'nonsense'],
    ['PUT', '/notify/ehr/Communication/c-1', ''],
  ])('by %s %s with a body of type "%s" is refused with 415', async (method, target, mediaType) => {
    const answer = await notify({
      method,
      target,
      body: '<Communication/>',
      headers: { 'content-type': mediaType },
    });
    expect([answer.status, answer.json()]).toEqual([415, outcome('not-supported')]);
    expect(answer.headers['content-type']).toContain('application/fhir+json');
    expect(await queue.held('MAPPING')).toEqual([]);
  });

  it('that is compressed is refused with 415', async () => {
    const answer = await put('{"resourceType":"Communication","id":"c-1"}', { 'content-encoding': 'gzip' });
    expect([answer.status, answer.headers['accept-encoding'], answer.json()]).toEqual([
      415,
      'identity',
      outcome('not-supported'),
    ]);
  });

  it('without a body may say any type of it', async () => {
    const headers = { 'content-type': 'application/fhir+xml' };
    expect((await notify({ method: 'POST', target: '/notify/ehr', headers })).status).toBe(204);
    expect(await queue.held('DEAD_LETTERS')).toEqual([]);
  });

  it('over the size limit is refused with 413', async () => {
    const answer = await put(`{"x":"${'x'.repeat(BODY_LIMIT)}"}`);
    expect([answer.status, answer.json()]).toEqual([413, outcome('too-long')]);
  });
});

describe('the secret', () => {
  beforeEach(() => queue.empty('MAPPING'));

  const post = (target: string, authorization?: string): Promise<HttpAnswer> =>
    httpRequest(url, {
      method: 'POST',
      target,
      headers: authorization === undefined ? {} : { authorization },
    });

  it('of each source opens its own endpoints', async () => {
    expect((await post('/notify/lab', `Bearer ${LAB_SECRET}`)).status).toBe(204);
    expect((await post('/notify/ehr', `bearer ${EHR_SECRET}`)).status).toBe(204);
  });

  it.each([
    ['missing', '/notify/ehr', undefined],
    ['empty', '/notify/ehr', 'Bearer '],
    ['wrong', '/notify/ehr', 'Bearer something-else-altogether'],
    ["another source's", '/notify/ehr', `Bearer ${LAB_SECRET}`],
    ['in another scheme', '/notify/ehr', `Basic ${EHR_SECRET}`],
    ['for an unknown source', '/notify/unknown', `Bearer ${EHR_SECRET}`],
    ['for a source called like a member of objects', '/notify/__proto__', `Bearer ${EHR_SECRET}`],
    ['missing for the payload endpoint', '/notify/ehr/Communication/c-1', undefined],
    ['missing for an absolute target', 'http://elsewhere.example/notify/ehr', undefined],
    ['missing for an encoded path', '/%6eotify/ehr', undefined],
  ])('is %s (%s): 401, always the same', async (_case, target, authorization) => {
    const method = target.includes('Communication') ? 'PUT' : 'POST';
    const answer = await httpRequest(url, {
      method,
      target,
      headers: authorization ? { authorization } : {},
    });
    expect([answer.status, answer.json()]).toEqual([401, outcome('security')]);
    expect(answer.text).toBe((await post('/notify/unknown')).text);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(await queue.held('MAPPING')).toEqual([]);
  });
});

describe('routes', () => {
  it.each([
    ['GET', '/secret-in-path'],
    ['POST', '/notify'],
    ['PUT', '/notify/ehr/Communication/c-1/_history/1'],
  ])('answers the unknown %s %s with 404', async (method, target) => {
    const answer = await notify({ method, target });
    expect([answer.status, answer.json()]).toEqual([404, outcome('not-found')]);
    expect(answer.text).not.toContain('secret-in-path');
  });

  it.each([
    ['GET', '/notify/ehr', 'POST'],
    ['PUT', '/notify/ehr', 'POST'],
    ['PUT', '/notify/ehr/Communication', 'POST'],
    ['DELETE', '/notify/ehr/Communication?identifier=x', 'POST'],
    ['OPTIONS', '/notify/ehr', 'POST'],
    ['PATCH', '/notify/ehr/Communication/c-1', 'PUT, DELETE'],
    ['POST', '/notify/ehr/Communication/c-1?x=y', 'PUT, DELETE'],
  ])('answers the wrong method of %s %s with 405 and the right ones', async (method, target, allow) => {
    const answer = await notify({ method, target });
    expect([answer.status, answer.headers.allow, answer.json()]).toEqual([
      405,
      allow,
      outcome('not-supported'),
    ]);
  });

  it('answer a URL that cannot be decoded without repeating it', async () => {
    const answer = await notify({ method: 'POST', target: '/notify/%zz' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual(outcome('invalid'));
    expect(answer.text).not.toContain('%zz');
  });

  it('leaves health its own form', async () => {
    const answer = await httpRequest(url, { method: 'GET', target: '/ready' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { ready: true, checks: { start: 'up', nats: 'up' } },
    ]);
  });
});

describe('the queue', () => {
  const post = (): Promise<HttpAnswer> => notify({ method: 'POST', target: '/notify/ehr' });

  const refused = (answer: HttpAnswer): void => {
    expect([answer.status, answer.json()]).toEqual([503, outcome('transient')]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  };

  it('is full: 503, until there is room again', async () => {
    await queue.empty('MAPPING');
    const { config: stream } = await queue.manager.streams.info('MAPPING');
    await queue.manager.streams.update('MAPPING', { ...stream, max_bytes: 1 });
    refused(await post());
    refused(await put('{"resourceType":'));
    await queue.manager.streams.update('MAPPING', stream);
    expect((await post()).status).toBe(204);
  });

  it('is away: 503, and 204 when it is back', async () => {
    await queue.empty('MAPPING');
    await queue.killServer();
    refused(await post());
    await queue.startServerAgain();
    await until(
      'the connection to be back',
      async () => (await httpRequest(url, { method: 'GET', target: '/ready' })).status === 200,
    );
    expect((await post()).status).toBe(204);
    expect(await queue.held('MAPPING')).toHaveLength(1);
  }, 60_000);
});
