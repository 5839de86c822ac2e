import { once } from 'node:events';
import { request } from 'node:http';
import type { Bundle, CapabilityStatement, Communication, OperationOutcome } from '@medplum/fhirtypes';
import { type FhirServer, startFhirServer } from './server';
import { TestClient, communication, eventId, idsOf } from './test-client';

let server: FhirServer;
let client: TestClient;

beforeAll(async () => {
  server = await startFhirServer({ port: 0 });
  client = new TestClient(server.baseUrl);
});

afterAll(() => server.close());

describe('reading and writing', () => {
  test('a create is answered with 201, the version, and where it is', async () => {
    const { status, headers, body } = await client.call<Communication>('POST', 'Communication', {
      ...communication('$made'),
      id: 'chosen-by-the-client',
      meta: {
        versionId: '77',
        lastUpdated: '2001-01-01T00:00:00Z',
        tag: [{ system: 'urn:tags', code: 'ours' }],
      },
    });

    expect(status).toBe(201);
    expect(headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(headers.get('etag')).toBe('W/"1"');
    expect(headers.get('location')).toBe(`${server.baseUrl}/Communication/${body.id}/_history/1`);
    expect(Date.parse(headers.get('last-modified') ?? '')).toBeGreaterThan(Date.now() - 5_000);
    expect(body.id).not.toBe('chosen-by-the-client');
    expect(body.meta).toMatchObject({ versionId: '1', tag: [{ system: 'urn:tags', code: 'ours' }] });
    expect(Date.parse(body.meta?.lastUpdated ?? '')).toBeGreaterThan(Date.now() - 5_000);
    expect((await client.call('GET', `Communication/${body.id}`)).body).toEqual(body);
  });

  test('an update creates what the client names, then makes a new version', async () => {
    const patient = { resourceType: 'Patient', id: 'named-by-client' };
    const first = await client.call('PUT', 'Patient/named-by-client', patient);
    const second = await client.call('PUT', 'Patient/named-by-client', { ...patient, active: true });

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.headers.get('etag')).toBe('W/"2"');
    expect((await client.call('GET', 'Patient/named-by-client/_history/1')).body).toEqual(first.body);
  });

  test.each(['PUT', 'PATCH', 'DELETE'])(
    '%s with an outdated If-Match is refused with 412',
    async (method) => {
      const { id } = await client.create({ resourceType: 'Patient' });
      const path = `Patient/${id}`;
      await client.call('PUT', path, { resourceType: 'Patient', id, active: true });
      const patch = { 'content-type': 'application/json-patch+json' };
      const write = (ifMatch: string) =>
        method === 'PUT'
          ? client.call('PUT', path, { resourceType: 'Patient', id, active: false }, { 'if-match': ifMatch })
          : method === 'PATCH'
            ? client.call('PATCH', path, [{ op: 'replace', path: '/active', value: false }], {
                ...patch,
                'if-match': ifMatch,
              })
            : client.call('DELETE', path, undefined, { 'if-match': ifMatch });

      expect((await write('W/"1"')).status).toBe(412);
      expect((await write('nonsense')).status).toBe(400);
      expect((await client.call('GET', path)).body).toMatchObject({ active: true });
      expect([200, 204]).toContain((await write('W/"2"')).status);
    },
  );

  test('a patch changes one element and makes a version', async () => {
    const { id } = await client.create({ resourceType: 'Patient', active: true });
    const patch = { 'content-type': 'application/json-patch+json' };
    const changed = await client.call(
      'PATCH',
      `Patient/${id}`,
      [{ op: 'replace', path: '/active', value: false }],
      patch,
    );

    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ active: false, meta: { versionId: '2' } });
    const moved = await client.call(
      'PATCH',
      `Patient/${id}`,
      [{ op: 'replace', path: '/id', value: 'x' }],
      patch,
    );
    expect(moved.status).toBe(400);
    expect((await client.call('GET', `Patient/${id}/_history/1`)).body).toMatchObject({ active: true });
  });

  test('a deleted resource is gone, stays in its history, and may come back', async () => {
    const { id } = await client.create({ resourceType: 'Patient' });
    expect((await client.call('DELETE', `Patient/${id}`)).status).toBe(204);
    expect((await client.call('DELETE', `Patient/${id}`)).status).toBe(204);
    expect((await client.call('GET', `Patient/${id}`)).status).toBe(410);
    expect(idsOf((await client.call<Bundle>('GET', `Patient?_id=${id}`)).body)).toEqual([]);
    expect((await client.call('GET', `Patient/${id}/_history/1`)).status).toBe(200);
    expect((await client.call('PUT', `Patient/${id}`, { resourceType: 'Patient', id })).status).toBe(201);

    const history = await client.call<Bundle>('GET', `Patient/${id}/_history`);
    expect(history.body.entry?.map((entry) => entry.request?.method)).toEqual(['PUT', 'DELETE', 'POST']);
    expect(history.body.entry?.map((entry) => entry.response?.etag)).toEqual(['W/"3"', 'W/"2"', 'W/"1"']);
    expect(history.body.entry?.[1]?.resource).toBeUndefined();
  });

  test('each write has a later lastUpdated than the one before', async () => {
    const burst = await Promise.all(
      Array.from({ length: 30 }, () => client.create({ resourceType: 'Basic', code: { text: 'x' } })),
    );
    const instants = burst.map((resource) => resource.meta.lastUpdated);
    expect(new Set(instants).size).toBe(30);
  });
});

describe('conditional writes', () => {
  test('fifty identical conditional creates at once make one resource', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        client.call('POST', 'Communication', communication('$race'), {
          'if-none-exist': `identifier=${eventId}|$race`,
        }),
      ),
    );

    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(49);
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    const found = await client.call<Bundle>('GET', `Communication?identifier=${eventId}|$race`);
    expect(found.body.total).toBe(1);
  });

  test('a conditional create that finds two is refused with 412', async () => {
    await client.create(communication('$twin'));
    await client.create(communication('$twin'));
    const answer = await client.call('POST', 'Communication', communication('$twin'), {
      'if-none-exist': `identifier=${eventId}|$twin`,
    });
    expect(answer.status).toBe(412);
  });

  test('a conditional create without criteria is refused', async () => {
    const answer = await client.call('POST', 'Communication', communication('$none'), {
      'if-none-exist': 'identifier=',
    });
    expect(answer.status).toBe(400);
  });

  test('a conditional update creates once, then updates the same resource', async () => {
    const path = `Communication?identifier=${eventId}|$cu`;
    const first = await client.call('PUT', path, communication('$cu'));
    const second = await client.call('PUT', path, communication('$cu', { status: 'entered-in-error' }));

    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toMatchObject({
      id: first.body.id,
      status: 'entered-in-error',
      meta: { versionId: '2' },
    });
  });

  test('a conditional write follows an identifier that was moved to another resource', async () => {
    const first = await client.create(communication('$moving'));
    await client.call('PUT', `Communication/${first.id}`, { ...communication('$moved'), id: first.id });
    const again = await client.call('POST', 'Communication', communication('$moving'), {
      'if-none-exist': `identifier=${eventId}|$moving`,
    });
    expect(again.status).toBe(201);
  });
});

describe('Bundles', () => {
  const urn = 'urn:uuid:0b9f5cb8-6d4b-4c2f-9b6c-6f0b8fd0a001';

  test('a transaction writes all its entries and links them to each other', async () => {
    const { status, body } = await client.call<Bundle>('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { fullUrl: urn, resource: { resourceType: 'Patient' }, request: { method: 'POST', url: 'Patient' } },
        {
          resource: communication('$tx', { subject: { reference: urn } }),
          request: { method: 'POST', url: 'Communication', ifNoneExist: `identifier=${eventId}|$tx` },
        },
        {
          resource: { resourceType: 'Basic', id: 'tx', code: { text: 'x' } },
          request: { method: 'PUT', url: 'Basic/tx' },
        },
      ],
    });

    expect(status).toBe(200);
    expect(body.type).toBe('transaction-response');
    expect(body.entry?.map((entry) => entry.response?.status)).toEqual(['201', '201', '201']);
    const [patient, message] = body.entry ?? [];
    expect(message?.resource).toMatchObject({ subject: { reference: `Patient/${patient?.resource?.id}` } });
    expect(message?.response).toMatchObject({
      etag: 'W/"1"',
      location: `${server.baseUrl}/Communication/${message?.resource?.id}/_history/1`,
    });
  });

  test('a transaction that fails leaves nothing behind, not even in the history', async () => {
    const existing = await client.create(communication('$tx-existing'));
    const newer = await client.create(communication('$tx-newer'));
    const before = await client.call<Bundle>('GET', '_history?_count=1');
    const { status } = await client.call('POST', '', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        { resource: communication('$tx-undone'), request: { method: 'POST', url: 'Communication' } },
        {
          resource: { ...communication('$tx-existing', { status: 'stopped' }), id: existing.id },
          request: { method: 'PUT', url: `Communication/${existing.id}` },
        },
        {
          resource: { ...communication('$tx-newer'), id: newer.id },
          request: { method: 'PUT', url: `Communication/${newer.id}`, ifMatch: 'W/"9"' },
        },
      ],
    });

    expect(status).toBe(412);
    expect(
      (await client.call<Bundle>('GET', `Communication?identifier=${eventId}|$tx-undone`)).body.total,
    ).toBe(0);
    expect((await client.call('GET', `Communication/${existing.id}`)).body).toEqual(existing);
    expect((await client.call<Bundle>('GET', '_history?_count=1')).body.total).toBe(before.body.total);
    const order = await client.call<Bundle>(
      'GET',
      `Communication?_lastUpdated=ge${existing.meta.lastUpdated}`,
    );
    expect(idsOf(order.body)).toEqual([existing.id, newer.id]);
  });

  test('a batch answers each entry by itself', async () => {
    const { body } = await client.call<Bundle>('POST', '', {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: 'Patient/nowhere' } },
        { resource: communication('$batch'), request: { method: 'POST', url: 'Communication' } },
      ],
    });
    expect(body.entry?.map((entry) => entry.response?.status)).toEqual(['404', '201']);
  });
});

describe('the edges', () => {
  test.each([
    ['malformed JSON', 'POST', 'Patient', '{"resourceType":', {}, 400],
    ['JSON that is no object', 'POST', 'Patient', '"Patient"', {}, 400],
    ['no body', 'POST', 'Patient', undefined, {}, 400],
    ['XML', 'POST', 'Patient', '<Patient/>', { 'content-type': 'application/fhir+xml' }, 415],
    ['an answer wanted in XML', 'GET', 'Patient', undefined, { accept: 'application/fhir+xml' }, 406],
    ['an unknown type', 'GET', 'Nonsense', undefined, {}, 404],
    ['an unknown resource', 'GET', 'Patient/nobody', undefined, {}, 404],
    ['an unknown route', 'GET', 'Patient/a/b/c/d', undefined, {}, 404],
    ['another type than the URL says', 'POST', 'Patient', { resourceType: 'Group' }, {}, 400],
    ['an unknown element', 'POST', 'Patient', { resourceType: 'Patient', colour: 'red' }, {}, 400],
    ['a missing required element', 'POST', 'Communication', { resourceType: 'Communication' }, {}, 400],
    [
      'a reference to a type that may not be there',
      'POST',
      'Communication',
      { resourceType: 'Communication', status: 'completed', inResponseTo: [{ reference: 'Task/1' }] },
      {},
      400,
    ],
    ['a wrong primitive', 'POST', 'Patient', { resourceType: 'Patient', birthDate: 'spring' }, {}, 400],
  ])('%s is answered with an OperationOutcome', async (_name, method, path, body, headers, status) => {
    const answer = await client.call<OperationOutcome>(method, path, body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.resourceType).toBe('OperationOutcome');
    expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
  });

  test('a body that is too large is refused with 413', async () => {
    const outgoing = request(`${server.baseUrl}/Patient`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
    });
    // The server hangs up while the rest is being written.
    outgoing.on('error', () => undefined);
    outgoing.end(Buffer.alloc(17 * 1024 * 1024, 0x20));
    const [response] = (await once(outgoing, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(413);
  });

  test('the CapabilityStatement tells what is there, and passes its own validation', async () => {
    const { status, body } = await client.call<CapabilityStatement>('GET', 'metadata');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
      kind: 'instance',
    });
    const team = body.rest?.[0]?.resource?.find(({ type }) => type === 'CareTeam');
    expect(team?.searchParam?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['_id', '_lastUpdated', 'identifier', 'patient', 'participant']),
    );
    expect(body.rest?.[0]?.resource).toHaveLength(146);
    expect((await client.call('POST', 'CapabilityStatement', body)).status).toBe(201);
  });
});

describe('with a bearer token', () => {
  let guarded: FhirServer;

  beforeAll(async () => {
    guarded = await startFhirServer({ port: 0, bearerToken: 'secret' });
  });

  afterAll(() => guarded.close());

  test('refuses a missing or a wrong one with 401, and takes the right one', async () => {
    const status = async (path: string, token?: string) =>
      (
        await client.call(
          'GET',
          `${guarded.baseUrl}/${path}`,
          undefined,
          token ? { authorization: `Bearer ${token}` } : {},
        )
      ).status;
    expect(await status('Patient')).toBe(401);
    expect(await status('Patient', 'other')).toBe(401);
    expect(await status('Patient', 'secret')).toBe(200);
    expect(await status('metadata')).toBe(200);
  });
});
