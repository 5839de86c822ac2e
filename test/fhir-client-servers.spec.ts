import { gzipSync } from 'node:zlib';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { FhirRef, TransientError } from '@bridge/contracts';
import { FhirClient, FhirConflict, FhirRefusal, type Transaction } from '@bridge/fhir';
import { loadConfig } from '@bridge/platform';
import type { Communication } from '@medplum/fhirtypes';
import { type FhirServer, startFhirServer } from '../deploy/local/fhir-server/server';
import { communication } from '../deploy/local/fhir-server/test-client';
import { until } from '../deploy/local/src/until';
import { FaultServer } from './support/fault-server';

const uuid = '0f9c7a52-2f6c-4b56-9d4c-8e1a4f0b7c11';
const clients: FhirClient[] = [];

function clientOf(FHIR_BASE_URL: string): FhirClient {
  const client = new FhirClient(loadConfig(['fhir'], { FHIR_BASE_URL }).fhir);
  clients.push(client);
  return client;
}

const queryOf = (event: string) => `identifier=${encodeURIComponent(`https://matrix.org/event-id|${event}`)}`;

async function failureOf(work: Promise<unknown>): Promise<TransientError> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (failure: TransientError) => failure,
  );
}

afterAll(() => Promise.all(clients.map((client) => client.onApplicationShutdown())));

/** The forms that HAPI FHIR 8 and Medplum 4 give, each in its own way. */
const servers = [
  {
    name: 'HAPI',
    id: '52',
    version: '3',
    location: (base: string) => `${base}/Communication/52/_history/3`,
    conflict: 409,
    // HAPI's words name the resource and its versions.
    outcome: {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'processing', diagnostics: 'HAPI-0989: Kanarie' }],
    },
  },
  {
    name: 'Medplum',
    id: uuid,
    version: uuid,
    location: () => `https://api.example/fhir/R4/Communication/${uuid}/_history/${uuid}`,
    conflict: 412,
    outcome: {
      resourceType: 'OperationOutcome',
      id: 'precondition-failed',
      issue: [{ severity: 'error', code: 'processing', details: { text: 'Kanarie' } }],
    },
  },
];

describe.each(servers)('at a server like $name', ({ id, version, location, conflict, outcome }) => {
  let server: FaultServer;
  let fhir: FhirClient;

  beforeEach(async () => {
    server = await FaultServer.start();
    fhir = clientOf(`${server.url}/fhir`);
  });

  afterEach(() => server.stop());

  it('a create without a body in its answer leads to the resource', async () => {
    server.fault = { status: 201, headers: { location: location(`${server.url}/fhir`) }, body: '' };
    expect(await fhir.createOnce(communication('$e'), queryOf('$e'))).toEqual({
      ref: `Communication/${id}`,
      versionId: version,
    });
  });

  it('an update names the version that was read, and a conflict has nothing of what the server says', async () => {
    server.fault = { status: conflict, body: JSON.stringify(outcome) };
    const resource: Communication = { ...communication('$e'), id, meta: { versionId: version } };
    const failure = await failureOf(fhir.update(resource));
    expect(failure).toBeInstanceOf(FhirConflict);
    expect(failure.message).not.toContain('Kanarie');
    expect(server.last.headers['if-match']).toBe(`W/"${version}"`);
  });

  it('a create that conflicts gives the one that is there: the oldest, whoever asks', async () => {
    const stored = { resourceType: 'Communication', id, meta: { versionId: version } };
    const answering = await answerer((method) =>
      method === 'POST'
        ? { status: conflict, body: outcome }
        : { status: 200, body: { resourceType: 'Bundle', entry: [{ resource: stored }] } },
    );
    const created = await clientOf(answering.url).createOnce(communication('$e'), queryOf('$e'));
    expect(created).toEqual({ ref: `Communication/${id}`, versionId: version });
    const asked = new URL(answering.seen.at(-1) ?? '', answering.url).searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      identifier: 'https://matrix.org/event-id|$e',
      _sort: '_lastUpdated',
      _count: '1',
    });
    await answering.stop();
  });

  it('a create that conflicts, where nothing is to be found yet, comes again', async () => {
    const answering = await answerer((method) =>
      method === 'POST'
        ? { status: conflict, body: outcome }
        : { status: 200, body: { resourceType: 'Bundle' } },
    );
    const work = clientOf(answering.url).createOnce(communication('$e'), queryOf('$e'));
    expect(await failureOf(work)).toBeInstanceOf(FhirConflict);
    await answering.stop();
  });

  it('the outcome of a create is no resource, though it has an id', async () => {
    const stored = { resourceType: 'Communication', id, meta: { versionId: version } };
    const answering = await answerer((method) =>
      method === 'POST'
        ? { status: 200, body: { ...outcome, id: 'ok' } }
        : { status: 200, body: { resourceType: 'Bundle', entry: [{ resource: stored }] } },
    );
    const created = await clientOf(answering.url).createOnce(communication('$e'), queryOf('$e'));
    expect(created.ref).toBe(`Communication/${id}`);
    await answering.stop();
  });
});

describe('an answer', () => {
  let server: Server;
  let url: string;
  let bytes: Buffer;
  let encoding: string | undefined;
  let accepted: string | undefined;

  beforeAll(async () => {
    server = createServer((request, response) => {
      accepted = request.headers['accept-encoding'];
      response.writeHead(200, encoding ? { 'content-encoding': encoding } : {}).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const patient = FhirRef.parse('Patient/p');

  it('may be zipped, which the client asks for', async () => {
    encoding = 'gzip';
    bytes = gzipSync(JSON.stringify({ resourceType: 'Patient', id: 'é' }));
    expect(await clientOf(url).read(patient)).toMatchObject({ id: 'é' });
    expect(accepted).toBe('gzip');
  });

  it('that is not zipped as it says is none', async () => {
    encoding = 'gzip';
    bytes = Buffer.from('{"resourceType":"Patient"}');
    expect(await failureOf(clientOf(url).read(patient))).toMatchObject({ failureClass: 'fhir-busy' });
  });

  it.each(['{}', '{"resourceType":"OperationOutcome"}', ''])(
    'to a search that is %j is not taken for "nothing found"',
    async (text) => {
      encoding = undefined;
      bytes = Buffer.from(text);
      const failure = await failureOf(clientOf(url).search('Patient', {}).next());
      expect(failure).toBeInstanceOf(TransientError);
      expect(failure.message).toContain('no Bundle');
    },
  );
});

describe('a refusal', () => {
  it("tells codes and elements, and keeps the server's words for the record alone", async () => {
    const server = await FaultServer.start();
    const issue = {
      severity: 'error',
      code: 'required',
      diagnostics: 'Kanarie',
      expression: ['Communication.status'],
    };
    const outcome = { resourceType: 'OperationOutcome', issue: [issue] };
    server.fault = { status: 422, body: JSON.stringify(outcome) };
    const failure = (await failureOf(
      clientOf(server.url).createOnce(communication('$e'), 'identifier=x'),
    )) as unknown as FhirRefusal;
    expect(failure.message).toBe(
      'The FHIR server refused to create a resource: 422 (required at Communication.status)',
    );
    expect(failure.outcome).toEqual(outcome);
    await server.stop();
  });
});

describe('a transaction', () => {
  let server: FhirServer;
  let fhir: FhirClient;

  beforeAll(async () => {
    server = await startFhirServer({ port: 0 });
    fhir = clientOf(server.baseUrl);
  }, 30_000);

  afterAll(() => server?.close());

  const bundleOf = (event: string): Transaction => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      {
        fullUrl: `urn:uuid:${uuid}`,
        resource: {
          resourceType: 'DocumentReference',
          status: 'current',
          identifier: [{ system: 'https://matrix.org/event-id', value: event }],
          content: [{ attachment: { contentType: 'text/plain' } }],
        },
        request: { method: 'POST', url: 'DocumentReference', ifNoneExist: queryOf(event) },
      },
      {
        resource: communication(event, {
          payload: [{ contentReference: { reference: `urn:uuid:${uuid}` } }],
        }),
        request: { method: 'POST', url: 'Communication', ifNoneExist: queryOf(event) },
      },
    ],
  });

  it('writes all of it once, with references between its parts, however often it comes', async () => {
    const first = await fhir.transaction(bundleOf('$together'));
    const [document, message] = first.map((stored) => stored?.ref);
    expect(document).toMatch(/^DocumentReference\//);
    expect(await fhir.read<Communication>(message!)).toMatchObject({
      payload: [{ contentReference: { reference: document } }],
    });
    const second = await fhir.transaction(bundleOf('$together'));
    expect(second.map((stored) => stored?.ref)).toEqual([document, message]);
  });

  it('writes nothing when one part is refused', async () => {
    const bundle = bundleOf('$refused');
    bundle.entry?.push({
      resource: { ...communication('$x'), sent: 'canary' },
      request: { method: 'POST', url: 'Communication' },
    });
    const failure = await failureOf(fhir.transaction(bundle));
    expect(failure).toMatchObject({ recovery: 'permanent', failureClass: 'fhir-refused' });
    expect(failure.message).not.toContain('canary');
    const pages = fhir.search('DocumentReference', { identifier: 'https://matrix.org/event-id|$refused' });
    expect((await pages.next()).value).toEqual([]);
  });

  it.each([
    ['409 Conflict', FhirConflict],
    ['412', FhirConflict],
    ['422 Unprocessable Entity', FhirRefusal],
    [undefined, TransientError],
  ])('whose answer says %s of one part has failed', async (status, kind) => {
    const faulty = await FaultServer.start();
    const entry = [{ response: { status: '201' } }, { response: { status } }];
    faulty.fault = { body: JSON.stringify({ resourceType: 'Bundle', entry }) };
    expect(await failureOf(clientOf(faulty.url).transaction(bundleOf('$e')))).toBeInstanceOf(kind);
    faulty.fault = { body: JSON.stringify({ resourceType: 'Bundle', entry: entry.slice(1) }) };
    expect(await failureOf(clientOf(faulty.url).transaction(bundleOf('$e')))).toMatchObject({
      failureClass: 'fhir-busy',
    });
    await faulty.stop();
  });
});

describe('a server that is away', () => {
  it('is left alone by all callers after five failures, and called again when it is back', async () => {
    const server = await FaultServer.start();
    const fhir = clientOf(server.url);
    const read = () => fhir.read(FhirRef.parse('Patient/p'));
    server.fault = { status: 503, body: '' };
    for (let call = 0; call < 5; call++) await failureOf(read());
    const failures = await Promise.all(Array.from({ length: 50 }, () => failureOf(read())));
    expect(server.seen).toHaveLength(5);
    for (const failure of failures) {
      expect(failure).toMatchObject({ recovery: 'transient', failureClass: 'fhir-away' });
      expect(failure.retryAfterMs).toBeGreaterThan(0);
      expect(failure.retryAfterMs).toBeLessThanOrEqual(1_000);
    }
    const upload = Readable.from([Buffer.from('bytes')]);
    await failureOf(
      fhir.stream({ operation: 'store a file', method: 'POST', url: 'Binary', headers: {}, body: upload }),
    );
    expect(upload.destroyed).toBe(true);
    server.fault = { body: '{"resourceType":"Patient","id":"p"}' };
    await until('the server is called again', () =>
      read().then(
        () => true,
        () => false,
      ),
    );
    expect(server.seen).toHaveLength(6);
    await server.stop();
  });

  it.each([500, 429, 422, 404])('is not one that answers with %d', async (status) => {
    const server = await FaultServer.start();
    const fhir = clientOf(server.url);
    server.fault = { status, body: '' };
    for (let call = 0; call < 10; call++)
      await fhir.read(FhirRef.parse('Patient/p')).catch((failure: unknown) => failure);
    expect(server.seen).toHaveLength(10);
    await server.stop();
  });
});

/** A server that answers by the method, for exchanges of more than one request. */
async function answerer(answer: (method: string) => { status: number; body: object }) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    const { status, body } = answer(request.method ?? '');
    request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
