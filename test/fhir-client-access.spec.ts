import { FhirRef, TransientError } from '@bridge/contracts';
import { ClientKeys, FhirClient } from '@bridge/fhir';
import { loadConfig } from '@bridge/platform';
import { Logger, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createRemoteJWKSet, customFetch, decodeProtectedHeader } from 'jose';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { JwksController } from '../apps/fhir-mapper/src/jwks.controller';
import { until } from '../deploy/local/src/until';
import { SmartDiscovery } from '../libs/fhir/src/access/smart-discovery';
import { AuthorizationServer } from './support/authorization-server';
import { clientKey } from './support/client-key';
import { FaultServer } from './support/fault-server';

const patient = FhirRef.parse('Patient/p');
const clientId = 'bridge of VVT: De Linde';
const clientSecret = 'se:cret +&=%';
const credentials = { FHIR_AUTH: 'client-credentials', FHIR_CLIENT_ID: clientId };

const closing: (() => Promise<unknown>)[] = [];
/** What is written to the log while a test runs. */
const logged: unknown[] = [];

beforeEach(() => {
  logged.length = 0;
  const note = (...line: unknown[]) => void logged.push(line);
  Logger.overrideLogger({ log: note, warn: note, error: note } satisfies LoggerService);
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function settingsOf(FHIR_BASE_URL: string, env: NodeJS.ProcessEnv) {
  return loadConfig(['fhir'], { FHIR_BASE_URL, ...env }).fhir;
}

function clientOf(baseUrl: string, env: NodeJS.ProcessEnv): FhirClient {
  const client = new FhirClient(settingsOf(baseUrl, env));
  closing.push(() => client.onApplicationShutdown());
  return client;
}

async function authority(
  client: Omit<Parameters<typeof AuthorizationServer.start>[0], 'id'>,
): Promise<AuthorizationServer> {
  const server = await AuthorizationServer.start({ id: clientId, ...client });
  closing.push(() => server.stop());
  return server;
}

async function faultServer(): Promise<FaultServer> {
  const server = await FaultServer.start();
  closing.push(() => server.stop());
  return server;
}

async function failureOf(work: Promise<unknown>): Promise<TransientError> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (failure: TransientError) => failure,
  );
}

describe('what does not change', () => {
  it.each([
    [{}, undefined],
    [{ FHIR_BEARER_TOKEN: 'tok' }, 'Bearer tok'],
    [
      { FHIR_AUTH: 'basic', FHIR_USER: 'brügge', FHIR_PASSWORD: 'a b:c' },
      `Basic ${Buffer.from('brügge:a b:c').toString('base64')}`,
    ],
  ])('of %j is in the header of every request', async (env, expected) => {
    const server = await faultServer();
    await clientOf(server.url, env).read(patient);
    expect(server.last.headers.authorization).toBe(expected);
  });

  it('is not sent a second time when it is refused', async () => {
    const server = await faultServer();
    server.fault = { status: 401 };
    const failure = await failureOf(clientOf(server.url, { FHIR_BEARER_TOKEN: 'tok' }).read(patient));
    expect(failure).toMatchObject({ recovery: 'needs-person', failureClass: 'fhir-token' });
    expect(server.seen).toHaveLength(1);
  });

  it('has more headers beside it', async () => {
    const server = await faultServer();
    const fhir = clientOf(server.url, {
      FHIR_BEARER_TOKEN: 'tok',
      FHIR_HEADERS: 'X-Tenant=care,X-Api-Key=k=1',
    });
    await fhir.read(patient);
    expect(server.last.headers).toMatchObject({
      authorization: 'Bearer tok',
      accept: 'application/fhir+json',
      'x-tenant': 'care',
      'x-api-key': 'k=1',
    });
  });
});

describe('client credentials', () => {
  it.each(['client_secret_basic', 'client_secret_post'] as const)('work with %s', async (method) => {
    const server = await authority({ secret: clientSecret });
    const fhir = clientOf(server.fhirUrl, {
      ...credentials,
      FHIR_CLIENT_AUTH_METHOD: method,
      FHIR_CLIENT_SECRET: clientSecret,
      FHIR_TOKEN_URL: server.tokenUrl,
      FHIR_SCOPE: 'system/Patient.rs system/Communication.cruds',
    });
    expect(await fhir.read(patient)).toMatchObject({ id: 'p' });
    const [seen] = server.tokenRequests;
    expect(seen?.method).toBe(method);
    expect(seen?.form.get('scope')).toBe('system/Patient.rs system/Communication.cruds');
    expect(seen?.form.has('client_secret')).toBe(method === 'client_secret_post');
  });

  it('find the token endpoint where the FHIR server names it', async () => {
    const server = await authority({ secret: clientSecret });
    const fhir = clientOf(server.fhirUrl, {
      ...credentials,
      FHIR_CLIENT_AUTH_METHOD: 'client_secret_basic',
      FHIR_CLIENT_SECRET: clientSecret,
    });
    server.discovered = undefined;
    expect(await failureOf(fhir.read(patient))).toMatchObject({ failureClass: 'fhir-token' });
    // One that has moved since is looked for anew.
    server.discovered = `${server.url}/former`;
    expect(await failureOf(fhir.read(patient))).toMatchObject({ failureClass: 'fhir-token' });
    server.discovered = server.tokenUrl;
    expect(await fhir.read(patient)).toMatchObject({ id: 'p' });
  });

  it('are not sent without TLS because the answer of a server with TLS says so', async () => {
    const answer = { token_endpoint: 'http://tokens.example/token' };
    const requests = { json: async () => answer };
    const endpointOf = (base: string) => new SmartDiscovery(base, requests as never).tokenEndpoint();
    await expect(endpointOf('https://ehr.example/fhir')).rejects.toThrow('without TLS');
    await expect(endpointOf('http://ehr.example/fhir')).resolves.toBe(answer.token_endpoint);
  });

  it('ask for one token, though fifty callers come at the same time, and keep it', async () => {
    const server = await authority({ secret: clientSecret });
    const fhir = clientOf(server.fhirUrl, secretSettings(server));
    await Promise.all(Array.from({ length: 50 }, () => fhir.read(patient)));
    await fhir.read(patient);
    expect(server.tokenRequests).toHaveLength(1);
    expect(server.fhirRequests).toHaveLength(51);
  });

  it('get one fresh token when the server has forgotten the old one, and no call fails of it', async () => {
    const server = await authority({ secret: clientSecret });
    const fhir = clientOf(server.fhirUrl, secretSettings(server));
    await fhir.read(patient);
    server.revokeAll();
    const read = await Promise.all(Array.from({ length: 20 }, () => fhir.read(patient)));
    expect(read.every((resource) => resource?.id === 'p')).toBe(true);
    expect(server.tokenRequests).toHaveLength(2);
  });

  it('try once more after a 401, not again and again', async () => {
    const tokens = await authority({ secret: clientSecret });
    const server = await faultServer();
    server.fault = { status: 401, body: '' };
    const fhir = clientOf(server.url, { ...secretSettings(tokens) });
    expect(await failureOf(fhir.read(patient))).toMatchObject({ failureClass: 'fhir-token' });
    expect(server.seen).toHaveLength(2);
    expect(new Set(server.seen.map(({ headers }) => headers.authorization)).size).toBe(2);
  });

  it('do not repeat a body that is a stream, but have a fresh token for the next try', async () => {
    const server = await authority({ secret: clientSecret });
    const fhir = clientOf(server.fhirUrl, secretSettings(server));
    await fhir.read(patient);
    server.revokeAll();
    const body = Readable.from([Buffer.from('bytes')]);
    const upload = { operation: 'store a file', method: 'POST', url: 'Binary', headers: {}, body } as const;
    expect(await failureOf(fhir.stream(upload))).toMatchObject({ failureClass: 'fhir-token' });
    const answer = await fhir.stream({ ...upload, body: Readable.from([Buffer.from('bytes')]) });
    await answer?.body.dump();
    expect(server.tokenRequests).toHaveLength(2);
  });

  it('are renewed before the token ends, while calls go on with the present one', async () => {
    const server = await authority({ secret: clientSecret });
    server.expiresIn = 4;
    const fhir = clientOf(server.fhirUrl, secretSettings(server));
    await fhir.read(patient);
    let open: () => void = () => undefined;
    server.gate = new Promise((resolve) => (open = resolve));
    // From three quarters of its life on, the new token is asked for; the answer is held back, and nobody waits for it.
    await until('the token is renewed', async () => {
      await fhir.read(patient);
      return server.tokenRequests.length === 2;
    });
    await fhir.read(patient);
    expect(new Set(server.fhirRequests).size).toBe(1);
    open();
    await until('the new token is used', async () => {
      await fhir.read(patient);
      return new Set(server.fhirRequests).size === 2;
    });
  });

  it.each([
    ['is refused', { status: 400, body: '{"error":"invalid_client","error_description":"se:cret canary"}' }],
    ['comes as a web page', { status: 200, body: '<html>canary</html>' }],
    ['is of another kind', { body: '{"access_token":"canary","token_type":"DPoP"}' }],
    ['could break a header', { body: '{"access_token":"canary\\r\\nX: y","token_type":"Bearer"}' }],
    ['is not there', { body: '{"token_type":"Bearer"}' }],
  ])('wait when a token %s, without a word of the answer in error or log', async (_, fault) => {
    const server = await faultServer();
    server.fault = fault;
    const fhir = clientOf(server.url, { ...secretSettings({ tokenUrl: server.url }) });
    const failure = await failureOf(fhir.read(patient));
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ failureClass: 'fhir-token' });
    expect(`${inspect(failure, { depth: 9 })} ${inspect(logged, { depth: 9 })}`).not.toMatch(
      /canary|se:cret/,
    );
  });

  it('leave the authorization server alone once it has refused them several times', async () => {
    const server = await faultServer();
    server.fault = { status: 400, body: '{"error":"invalid_client"}' };
    const fhir = clientOf(server.url, { ...secretSettings({ tokenUrl: server.url }) });
    for (let call = 0; call < 20; call++) await failureOf(fhir.read(patient));
    expect(server.seen).toHaveLength(5);
    expect(await failureOf(fhir.read(patient))).toMatchObject({ failureClass: 'fhir-token-away' });
  });
});

describe('a signed assertion', () => {
  /** fhir-mapper's endpoint for the public keys of a bridge with these settings. */
  async function jwksEndpoint(env: NodeJS.ProcessEnv): Promise<string> {
    const keys = new ClientKeys(settingsOf('http://ehr.example/fhir', env));
    const module = await Test.createTestingModule({
      controllers: [JwksController],
      providers: [{ provide: ClientKeys, useValue: keys }],
    }).compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    closing.push(() => app.close());
    return `${await app.getUrl()}/.well-known/jwks.json`;
  }

  it.each(['RS384', 'ES384'] as const)(
    'by %s is believed by who reads the JWKS endpoint',
    async (algorithm) => {
      const env = { ...credentials, FHIR_CLIENT_KEY: clientKey(algorithm) };
      const server = await authority({ keys: createRemoteJWKSet(new URL(await jwksEndpoint(env))) });
      const fhir = clientOf(server.fhirUrl, { ...env, FHIR_TOKEN_URL: server.tokenUrl });
      expect(await fhir.read(patient)).toMatchObject({ id: 'p' });
      // Each assertion once: the server refuses a jti that it has seen.
      server.revokeAll();
      expect(await fhir.read(patient)).toMatchObject({ id: 'p' });
      const assertions = server.tokenRequests.map(({ form }) => form.get('client_assertion') ?? '');
      expect(new Set(assertions).size).toBe(2);
      expect(decodeProtectedHeader(assertions[0]!)).toMatchObject({ alg: algorithm, typ: 'JWT' });
    },
  );

  it('is not believed when another key has signed it', async () => {
    const published = { ...credentials, FHIR_CLIENT_KEY: clientKey('ES384') };
    const server = await authority({ keys: createRemoteJWKSet(new URL(await jwksEndpoint(published))) });
    const fhir = clientOf(server.fhirUrl, {
      ...credentials,
      FHIR_CLIENT_KEY: clientKey('ES384'),
      FHIR_TOKEN_URL: server.tokenUrl,
    });
    expect((await failureOf(fhir.read(patient))).message).toContain('400 (invalid_client)');
  });

  it('stays believed throughout a rotation, though the server has kept the set of keys', async () => {
    const [former, next] = [clientKey('RS384'), clientKey('ES384')];
    const before = { ...credentials, FHIR_CLIENT_KEY: former, FHIR_CLIENT_KEY_OTHER: next };
    const after = { ...credentials, FHIR_CLIENT_KEY: next, FHIR_CLIENT_KEY_OTHER: former };
    let reads = 0;
    const counting: typeof fetch = (...request) => {
      reads += 1;
      return fetch(...request);
    };
    const keys = createRemoteJWKSet(new URL(await jwksEndpoint(before)), { [customFetch]: counting });
    const server = await authority({ keys });
    const at = { FHIR_TOKEN_URL: server.tokenUrl };
    expect(await clientOf(server.fhirUrl, { ...before, ...at }).read(patient)).toMatchObject({ id: 'p' });
    expect(await clientOf(server.fhirUrl, { ...after, ...at }).read(patient)).toMatchObject({ id: 'p' });
    const kids = server.tokenRequests.map(
      ({ form }) => decodeProtectedHeader(form.get('client_assertion') ?? '').kid,
    );
    expect(new Set(kids).size).toBe(2);
    expect(reads).toBe(1);
  });

  it('has its public keys, and nothing private, at an address that may be kept for minutes', async () => {
    const env = {
      ...credentials,
      FHIR_CLIENT_KEY: clientKey('RS384'),
      FHIR_CLIENT_KEY_OTHER: clientKey('ES384'),
    };
    const answer = await fetch(await jwksEndpoint(env));
    expect(answer.headers.get('content-type')).toContain('application/jwk-set+json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys } = (await answer.json()) as { keys: Record<string, unknown>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'e', 'key_ops', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'key_ops', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
    expect((await fetch(await jwksEndpoint({}))).status).toBe(404);
  });
});

describe('a Nuts node', () => {
  const env = (FHIR_NUTS_URL: string) => ({
    FHIR_AUTH: 'nuts',
    FHIR_NUTS_URL,
    FHIR_NUTS_SUBJECT: 'vvt/linde',
    FHIR_NUTS_AUTHORIZATION_SERVER: 'https://nuts.ehr.example/oauth2/ehr',
    FHIR_SCOPE: 'ozo',
  });

  it('gives a bearer token in the name of the subject', async () => {
    const [node, server] = [await faultServer(), await faultServer()];
    node.fault = {
      body: JSON.stringify({ access_token: 'nuts-token', token_type: 'Bearer', expires_in: 900 }),
    };
    await clientOf(server.url, env(node.url)).read(patient);
    expect(server.last.headers.authorization).toBe('Bearer nuts-token');
    expect(node.last).toMatchObject({
      method: 'POST',
      target: '/internal/auth/v2/vvt%2Flinde/request-service-access-token',
    });
    expect(node.last.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    });
    expect(JSON.parse(node.last.body.toString())).toEqual({
      authorization_server: 'https://nuts.ehr.example/oauth2/ehr',
      scope: 'ozo',
      token_type: 'Bearer',
    });
  });

  it('tells by expires_at when a token ends that it has kept for a while', async () => {
    const [node, server] = [await faultServer(), await faultServer()];
    const ended = Math.floor(Date.now() / 1000);
    const token = { access_token: 't', token_type: 'bearer', expires_in: 900, expires_at: ended };
    node.fault = { body: JSON.stringify(token) };
    const fhir = clientOf(server.url, env(node.url));
    await fhir.read(patient);
    await fhir.read(patient);
    expect(node.seen).toHaveLength(2);
  });

  it('that cannot get one keeps the message waiting', async () => {
    const [node, server] = [await faultServer(), await faultServer()];
    node.fault = { status: 503, headers: { 'retry-after': '7' }, body: '{"detail":"canary"}' };
    const failure = await failureOf(clientOf(server.url, env(node.url)).read(patient));
    expect(failure).toMatchObject({ failureClass: 'fhir-token', retryAfterMs: 7000 });
    expect(failure.message).not.toContain('canary');
    expect(server.seen).toHaveLength(0);
  });
});

function secretSettings({ tokenUrl }: { tokenUrl: string }): NodeJS.ProcessEnv {
  return {
    ...credentials,
    FHIR_CLIENT_AUTH_METHOD: 'client_secret_basic',
    FHIR_CLIENT_SECRET: clientSecret,
    FHIR_TOKEN_URL: tokenUrl,
  };
}
