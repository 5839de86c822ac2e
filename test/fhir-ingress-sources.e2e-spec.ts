import { createHmac, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFhirIngress } from '../apps/fhir-ingress/src/start-fhir-ingress';
import {
  createCertificateAuthority,
  type CertificateAuthority,
  type KeyedCertificate,
} from '../deploy/local/src/certificate-authority';
import { freePorts } from '../deploy/local/src/free-port';
import { fhirIngressConfig } from './support/fhir-ingress-config';
import { httpRequest, type HttpAnswer, type HttpCall } from './support/http-request';
import { InspectedQueue } from './support/inspected-queue';
import { metricOf } from './support/metric';
import { TokenIssuer } from './support/token-issuer';
import { until } from './support/until';

/*
 * How the sources of notifications show who they are. `behindProxy` speaks plain HTTP and believes a proxy on this
 * machine; `withTls` ends TLS itself.
 */

const BEARER = 'the-secret-of-the-ehr';
const API_KEY = 'the-secret-of-the-lab';
const SIGNING_KEY = 'the-signing-key-of-medplum';
const AUDIENCE = 'https://bridge.example/notify';

let queue: InspectedQueue;
let issuer: TokenIssuer;
let authority: CertificateAuthority;
let bolt: KeyedCertificate;
let stranger: KeyedCertificate;
let behindProxy: NestFastifyApplication;
let withTls: NestFastifyApplication;
let url: string;
let tlsUrl: string;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  const other = await createCertificateAuthority();
  const server = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
  bolt = await authority.issue({ dns: ['bolt.example'], ip: [] });
  stranger = await other.issue({ dns: ['bolt.example'], ip: [] });
  [queue, issuer] = await Promise.all([InspectedQueue.start(), TokenIssuer.start()]);
  const [closedPort = 0] = await freePorts(1);
  const token = { jwksUrl: issuer.url, issuer: issuer.url, audience: AUDIENCE };
  const sources = {
    lab: { secretHeader: 'X-Api-Key' },
    medplum: { signatureHeader: 'X-Signature' },
    aws: { token: { ...token, client: 'healthlake' } },
    away: { token: { ...token, jwksUrl: `http://127.0.0.1:${closedPort}` } },
    bolt: { token, certificate: { names: ['bolt.example'] } },
    pinned: { certificate: { fingerprints: [new X509Certificate(bolt.certificatePem).fingerprint256] } },
  };
  const shared = {
    FHIR_NOTIFICATION_SECRETS: `ehr=${BEARER},lab=${API_KEY},medplum=${SIGNING_KEY}`,
    FHIR_NOTIFICATION_SECRETS_PREVIOUS: `ehr=${BEARER}-before,medplum=${SIGNING_KEY}-before`,
    FHIR_NOTIFICATION_SOURCES: JSON.stringify(sources),
  };
  behindProxy = await startFhirIngress(
    fhirIngressConfig(queue.server.url, {
      ...shared,
      FHIR_NOTIFICATION_CERTIFICATE_HEADER: 'Client-Cert',
      FHIR_NOTIFICATION_TRUSTED_PROXIES: '127.0.0.0/8,::1',
    }),
  );
  withTls = await startFhirIngress(
    fhirIngressConfig(queue.server.url, {
      ...shared,
      FHIR_NOTIFICATION_TLS_CERTIFICATE: server.certificatePem,
      FHIR_NOTIFICATION_TLS_KEY: server.privateKeyPem,
      FHIR_NOTIFICATION_CLIENT_CA: authority.certificatePem,
    }),
  );
  [url, tlsUrl] = [await behindProxy.getUrl(), await withTls.getUrl()];
  await until('the first pulls', async () => (await queue.held('MAPPING')).length >= 7);
}, 60_000);

afterAll(async () => {
  await Promise.all([behindProxy?.close(), withTls?.close()]);
  await Promise.all([queue?.stop(), issuer?.stop()]);
});

beforeEach(() => queue.empty('MAPPING', 'DEAD_LETTERS'));

type Headers = Record<string, string>;

function post(source: string, headers: Headers, body?: string): Promise<HttpAnswer> {
  const content: Headers = body === undefined ? {} : { 'content-type': 'application/fhir+json' };
  return httpRequest(url, {
    method: 'POST',
    target: `/notify/${source}`,
    headers: { ...content, ...headers },
    body,
  });
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

async function accepted(answer: Promise<HttpAnswer>, source: string): Promise<void> {
  expect((await answer).status).toBe(204);
  expect((await queue.heldJson('MAPPING')).map((pull) => pull.source)).toEqual([source]);
  await queue.empty('MAPPING');
}

/** As for a source that there is not, to the byte; and nothing is queued. */
async function refused(answer: Promise<HttpAnswer>): Promise<void> {
  const { status, text, headers } = await answer;
  const unknown = await post('unknown', bearer(BEARER));
  expect([unknown.status, unknown.json()]).toMatchObject([
    401,
    { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'security' }] },
  ]);
  expect([status, text]).toEqual([unknown.status, unknown.text]);
  expect({ ...headers, date: '' }).toEqual({ ...unknown.headers, date: '' });
  expect(await queue.held('MAPPING')).toEqual([]);
}

describe('a secret', () => {
  it('is a bearer token, the present one or the one before', async () => {
    await accepted(post('ehr', bearer(BEARER)), 'ehr');
    await accepted(post('ehr', bearer(`${BEARER}-before`)), 'ehr');
    await refused(post('ehr', bearer(`${BEARER}-after`)));
    await refused(post('ehr', {}));
  });

  it('may have a header of its own', async () => {
    await accepted(post('lab', { 'x-api-key': API_KEY }), 'lab');
    await refused(post('lab', { 'x-api-key': BEARER }));
    await refused(post('lab', { 'x-api-key': '' }));
    await refused(post('lab', bearer(API_KEY)));
  });

  it.each([
    ['POST', '/notify/lab/Communication'],
    ['PUT', '/notify/lab/Communication/c-1'],
    ['DELETE', '/notify/lab/Communication/c-1'],
  ])('is asked for at %s %s', async (method, target) => {
    await refused(httpRequest(url, { method, target }));
    expect((await httpRequest(url, { method, target, headers: { 'x-api-key': API_KEY } })).status).toBe(204);
  });
});

describe('a signature', () => {
  const BODY = '{"resourceType": "Communication",  "id": "c-1"}';
  const signed = (key: string, body = BODY): Headers => ({
    'x-signature': createHmac('sha256', key).update(body).digest('hex'),
  });

  it('is over exactly the bytes of the body, by the present key or the one before', async () => {
    await accepted(post('medplum', signed(SIGNING_KEY), BODY), 'medplum');
    await accepted(post('medplum', signed(`${SIGNING_KEY}-before`), BODY), 'medplum');
    await refused(post('medplum', signed(SIGNING_KEY), BODY.replace('  ', ' ')));
    await refused(post('medplum', signed('another-key'), BODY));
    await refused(post('medplum', signed(BEARER), BODY));
  });

  it('of nothing signs an empty body', async () => {
    await accepted(post('medplum', signed(SIGNING_KEY, '')), 'medplum');
    await refused(post('medplum', signed(SIGNING_KEY, ''), BODY));
  });

  it('is what its source needs, and does for no other', async () => {
    await refused(post('medplum', {}, BODY));
    await refused(post('medplum', { 'x-signature': 'something' }, BODY));
    await refused(post('medplum', bearer(SIGNING_KEY), BODY));
    await refused(post('ehr', signed(BEARER), BODY));
    await accepted(post('ehr', { ...bearer(BEARER), ...signed('whatever') }, BODY), 'ehr');
  });

  describe('tells nobody which sources there are', () => {
    const open: Socket[] = [];
    afterEach(() => open.splice(0).forEach((socket) => socket.destroy()));

    /** Sends the head of a request and keeps its body back. */
    async function begin(
      source: string,
      header: string,
    ): Promise<{ answer: () => string; finish: () => void }> {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      open.push(socket);
      await once(socket, 'connect');
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.write(
        `POST /notify/${source} HTTP/1.1\r\nHost: bridge\r\nContent-Length: 2\r\nContent-Type: application/json\r\n${header}\r\n\r\n`,
      );
      return { answer: () => answer, finish: () => socket.write('{}') };
    }

    it.each(['ehr', 'medplum', 'unknown'])(
      'without one, %s is refused before its body is read',
      async (source) => {
        const { answer } = await begin(source, 'Authorization: Bearer wrong');
        await until('the answer', () => Promise.resolve(answer().includes('OperationOutcome')));
        expect(answer()).toMatch(/^HTTP\/1.1 401 /);
      },
    );

    it('with one, all of them are refused after it', async () => {
      const header = `X-Signature: ${'0'.repeat(64)}`;
      const requests = await Promise.all(
        ['ehr', 'medplum', 'unknown'].map((source) => begin(source, header)),
      );
      // These came after: when they are answered, the others would have been.
      await Promise.all(['ehr', 'medplum', 'unknown'].map((source) => post(source, {})));
      expect(requests.map(({ answer }) => answer())).toEqual(['', '', '']);
      requests.forEach(({ finish }) => finish());
      await until('the answers', () =>
        Promise.resolve(requests.every(({ answer }) => answer().includes('OperationOutcome'))),
      );
      for (const { answer } of requests) expect(answer()).toMatch(/^HTTP\/1.1 401 /);
      expect(await queue.held('MAPPING')).toEqual([]);
    });
  });
});

describe('an OAuth2 token', () => {
  it('is taken from its issuer, for this audience and this client (AWS HealthLake)', async () => {
    const claims = { aud: AUDIENCE, client_id: 'healthlake' };
    await accepted(post('aws', bearer(await issuer.token(claims))), 'aws');
    await refused(post('aws', bearer(await issuer.token({ ...claims, client_id: 'another' }))));
    await refused(post('aws', bearer(await issuer.token({ ...claims, aud: 'https://elsewhere.example' }))));
    await refused(post('aws', bearer(await issuer.token({ ...claims, iss: 'https://elsewhere.example' }))));
    await refused(post('aws', bearer(BEARER)));
    await refused(post('aws', {}));
  });

  it('cannot be judged while its keys cannot be had: 503, to be sent again', async () => {
    const answer = await post('away', bearer(await issuer.token({ aud: AUDIENCE })));
    expect([answer.status, answer.json()]).toMatchObject([503, { issue: [{ code: 'transient' }] }]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await queue.held('MAPPING')).toEqual([]);
  });
});

describe('a client certificate', () => {
  const header = ({ certificatePem }: KeyedCertificate): Headers => ({
    'client-cert': `:${new X509Certificate(certificatePem).raw.toString('base64')}:`,
  });
  const overTls = (source: string, call: Partial<HttpCall>, client?: KeyedCertificate): Promise<HttpAnswer> =>
    httpRequest(tlsUrl, {
      method: 'POST',
      target: `/notify/${source}`,
      ...call,
      tls: {
        ca: authority.certificatePem,
        ...(client && { cert: client.certificatePem, key: client.privateKeyPem }),
      },
    });

  it('is taken from a trusted proxy, by its fingerprint', async () => {
    await accepted(post('pinned', header(bolt)), 'pinned');
    await refused(post('pinned', header(stranger)));
    await refused(
      post('pinned', { 'client-cert': `${header(bolt)['client-cert']}, ${header(bolt)['client-cert']}` }),
    );
    await refused(post('pinned', {}));
  });

  it('and a token are both needed where both are configured (eOverdracht)', async () => {
    const token = bearer(await issuer.token({ aud: AUDIENCE }));
    await accepted(post('bolt', { ...token, ...header(bolt) }), 'bolt');
    await refused(post('bolt', token));
    await refused(post('bolt', header(bolt)));
  });

  it('is taken from TLS that this process ends, when its authority signed it', async () => {
    await accepted(overTls('pinned', {}, bolt), 'pinned');
    const token = bearer(await issuer.token({ aud: AUDIENCE }));
    await accepted(overTls('bolt', { headers: token }, bolt), 'bolt');
    await refused(overTls('bolt', { headers: token }, stranger));
    await refused(overTls('bolt', { headers: token }));
  });

  it('in a header counts for nothing where no proxy is trusted', async () => {
    await refused(overTls('pinned', { headers: header(bolt) }));
  });

  it('is not asked of the other sources, nor of who looks after the health of the process', async () => {
    await accepted(overTls('ehr', { headers: bearer(BEARER) }), 'ehr');
    expect((await overTls('', { method: 'GET', target: '/ready' })).status).toBe(200);
  });
});

it('counts who was refused, of the sources there are', async () => {
  const count = (source: string): Promise<number> =>
    metricOf(url, `bridge_fhir_notifications_refused_total{source="${source}"}`);
  const [lab, unknown] = [await count('lab'), await count('unknown')];
  await post('lab', {});
  await post('guessed-name', {});
  expect([await count('lab'), await count('unknown'), await count('guessed-name')]).toEqual([
    lab + 1,
    unknown + 1,
    0,
  ]);
});
