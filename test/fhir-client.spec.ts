import { FhirRef, PermanentError, TransientError } from '@bridge/contracts';
import { FhirClient, FhirConflict, FhirRefusal, type WrittenVersion } from '@bridge/fhir';
import type { Communication } from '@medplum/fhirtypes';
import { FhirServer, startFhirServer } from '../deploy/local/fhir-server/server';
import { communication, TestClient } from '../deploy/local/fhir-server/test-client';
import { FaultServer } from './support/fault-server';

const bearerToken = 'a-token-for-tests';
const requestTimeoutMs = 30_000;
const settings = { requestTimeoutMs, pullOverlapMs: 0 };
const clients: FhirClient[] = [];

function clientOf(
  baseUrl: string,
  more: Partial<ConstructorParameters<typeof FhirClient>[0]> = {},
): FhirClient {
  const client = new FhirClient({ ...settings, baseUrl, bearerToken, ...more } as never);
  clients.push(client);
  return client;
}

const parse = (reference: string) => FhirRef.parse(reference);
const queryOf = (event: string) => `identifier=${encodeURIComponent(`https://matrix.org/event-id|${event}`)}`;

async function all<T>(pages: AsyncGenerator<T[]>): Promise<T[][]> {
  const read: T[][] = [];
  for await (const page of pages) read.push(page);
  return read;
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: Error) => error,
  );
}

afterAll(() => Promise.all(clients.map((client) => client.onApplicationShutdown())));

describe('with a FHIR server', () => {
  let server: FhirServer;
  let fhir: FhirClient;
  let raw: TestClient;

  beforeAll(async () => {
    server = await startFhirServer({ port: 0, bearerToken });
    fhir = clientOf(server.baseUrl);
    raw = new TestClient(server.baseUrl);
  }, 30_000);

  afterAll(() => server?.close());

  const authorization = { authorization: `Bearer ${bearerToken}` };

  it('reads what is there, and nothing that never was or is no more', async () => {
    const { ref } = await fhir.createOnce(communication('$read'), queryOf('$read'));
    expect(await fhir.read<Communication>(ref)).toMatchObject({ status: 'completed' });
    expect(await fhir.read(parse('Communication/none'))).toBeUndefined();
    expect((await raw.call('DELETE', ref, undefined, authorization)).status).toBeLessThan(300);
    expect((await raw.call('GET', ref, undefined, authorization)).status).toBe(410);
    expect(await fhir.read(ref)).toBeUndefined();
  });

  it('reads with or without a slash at the end of the base URL', async () => {
    const { ref } = await fhir.createOnce(communication('$slash'), queryOf('$slash'));
    expect(await clientOf(`${server.baseUrl}/`).read(ref)).toBeDefined();
  });

  it('searches page by page, each match once, in the order that was asked for', async () => {
    const events = Array.from({ length: 5 }, (_, index) => `$page${index}`);
    for (const event of events)
      await fhir.createOnce(
        communication(event, { topic: { text: 'paging' }, subject: { reference: 'Patient/paging' } }),
        queryOf(event),
      );
    const pages = await all(
      fhir.search<Communication>('Communication', {
        subject: 'Patient/paging',
        _sort: '_lastUpdated',
        _count: '2',
      }),
    );
    expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(({ identifier }) => identifier?.[0]?.value)).toEqual(events);
  });

  it('gives one empty page where nothing matches', async () => {
    expect(await all(fhir.search('Communication', { subject: 'Patient/nobody' }))).toEqual([[]]);
  });

  it('creates once: the second time gives the first reference and version', async () => {
    const first = await fhir.createOnce(communication('$once'), queryOf('$once'));
    expect(first.versionId).not.toBe('');
    expect(await fhir.createOnce(communication('$once'), queryOf('$once'))).toEqual(first);
    expect((await fhir.createOnce(communication('$other'), queryOf('$other'))).ref).not.toBe(first.ref);
  });

  it('creates one, though fifty come at the same time', async () => {
    const created = await Promise.all(
      Array.from({ length: 50 }, () => fhir.createOnce(communication('$many'), queryOf('$many'))),
    );
    expect(new Set(created.map(({ ref }) => ref)).size).toBe(1);
    const pages = await all(
      fhir.search('Communication', { identifier: 'https://matrix.org/event-id|$many' }),
    );
    expect(pages.flat()).toHaveLength(1);
  }, 20_000);

  it('updates what nobody changed since it was read, and says so when somebody did', async () => {
    const { ref } = await fhir.createOnce(communication('$update'), queryOf('$update'));
    const [mine, theirs] = [await fhir.read<Communication>(ref), await fhir.read<Communication>(ref)];
    await fhir.update({ ...theirs!, status: 'entered-in-error' });
    const failure = await failureOf(fhir.update({ ...mine!, status: 'stopped' }));
    expect(failure).toBeInstanceOf(FhirConflict);
    expect(failure).toBeInstanceOf(TransientError);
    expect(await fhir.read(ref)).toMatchObject({ status: 'entered-in-error' });
  });

  it('tells which versions it has made, and of which one; not of what was there already, nor of a conflict', async () => {
    const written: WrittenVersion[] = [];
    const telling = clientOf(server.baseUrl);
    telling.tellWhatIsWritten((version) => written.push(version));
    const create = () => telling.createOnce(communication('$told'), queryOf('$told'));
    const { ref, versionId: first } = await create();
    await create();
    const read = (await telling.read<Communication>(ref))!;
    await telling.update({ ...read, status: 'stopped' });
    await failureOf(telling.update({ ...read, status: 'unknown' }));
    const second = (await telling.read(ref))?.meta?.versionId;
    expect(second).not.toBe(first);
    expect(written).toEqual([
      { ref, versionId: first, resource: communication('$told') },
      { ref, versionId: second, of: first, resource: { ...read, status: 'stopped' } },
    ]);
  });

  it('changes what somebody else changes at the same time, without losing either change', async () => {
    const { ref } = await fhir.createOnce(communication('$change'), queryOf('$change'));
    const language = 'nl';
    let tries = 0;
    const faster = jest.spyOn(fhir, 'update').mockImplementationOnce(async (resource) => {
      const theirs = await fhir.read<Communication>(ref);
      await fhir.update({ ...theirs!, language });
      return fhir.update(resource);
    });
    const isChanged = await fhir.change<Communication>(ref, (current) => {
      tries += 1;
      return { ...current, status: 'stopped' };
    });
    faster.mockRestore();
    expect([isChanged, tries]).toEqual([true, 2]);
    expect(await fhir.read(ref)).toMatchObject({ status: 'stopped', language });
  });

  it('gives up a change that loses each time, and leaves alone what is as it should be or gone', async () => {
    const { ref } = await fhir.createOnce(communication('$loses'), queryOf('$loses'));
    let tries = 0;
    const always = jest.spyOn(fhir, 'update').mockImplementation(async () => {
      tries += 1;
      return Promise.reject(new FhirConflict('update a resource'));
    });
    const failure = await failureOf(fhir.change<Communication>(ref, (current) => current));
    always.mockRestore();
    expect(failure).toBeInstanceOf(FhirConflict);
    expect(tries).toBe(5);
    expect(await fhir.change(ref, () => undefined)).toBe(false);
    expect(await fhir.change(parse('Communication/none'), (current) => current)).toBe(false);
  });

  it('is refused for good what is no valid resource, without a word of it in the error', async () => {
    const invalid = { ...communication('$x'), sent: 'canary' };
    const failure = await failureOf(fhir.createOnce(invalid, queryOf('$x')));
    expect(failure).toBeInstanceOf(FhirRefusal);
    expect(failure).toBeInstanceOf(PermanentError);
    expect(failure.message).not.toContain('canary');
  });

  it.each([['another-token'], [undefined]])('waits where the token %s is not accepted', async (token) => {
    const failure = await failureOf(
      clientOf(server.baseUrl, { bearerToken: token }).read(parse('Patient/p')),
    );
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ failureClass: 'fhir-token' });
    expect(failure.message).not.toContain('another-token');
  });
});

describe('with a server that fails', () => {
  let server: FaultServer;
  let fhir: FhirClient;

  beforeAll(async () => {
    server = await FaultServer.start();
    fhir = clientOf(`${server.url}/fhir`);
  });

  afterAll(() => server?.stop());

  it('keeps the wait that the server asks for', async () => {
    server.fault = { status: 503, headers: { 'retry-after': '3' }, body: '<html>busy</html>' };
    const failure = await failureOf(fhir.read(parse('Patient/p')));
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ failureClass: 'fhir-busy', retryAfterMs: 3000 });
  });

  it('takes a web page for no answer, such as that of a proxy in between', async () => {
    server.fault = { headers: { 'content-type': 'text/html' }, body: '<html>Sign in, canary</html>' };
    const failure = await failureOf(fhir.read(parse('Patient/p')));
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure.message).toContain('no JSON');
    expect(failure.message).not.toContain('canary');
  });

  it('gives up on a server that says nothing', async () => {
    server.fault = { hang: true };
    const hasty = clientOf(server.url, { requestTimeoutMs: 50 });
    const failure = await failureOf(hasty.read(parse('Patient/p')));
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ failureClass: 'fhir-away' });
  });

  it('knows a server that is not there', async () => {
    const gone = await FaultServer.start();
    const { url } = gone;
    await gone.stop();
    const failure = await failureOf(clientOf(url).read(parse('Patient/p')));
    expect(failure).toMatchObject({ failureClass: 'fhir-away' });
    expect(failure.message).toContain('ECONNREFUSED');
  });

  it('follows a page link that names the server as others see it to the server that it knows', async () => {
    const next = 'https://ehr.example/fhir/Communication?_offset=2&_count=2';
    server.fault = {
      body: JSON.stringify({ resourceType: 'Bundle', link: [{ relation: 'next', url: next }], entry: [] }),
    };
    const pages = fhir.search('Communication', { _count: '2' });
    await pages.next();
    await pages.next();
    await pages.return(undefined);
    expect(server.last.target).toBe('/fhir/Communication?_offset=2&_count=2');
    expect(server.last.headers.authorization).toBe(`Bearer ${bearerToken}`);
  });

  it('leaves out what a search says about itself, and asks for a fresh answer', async () => {
    const entry = [
      { resource: { resourceType: 'Communication', id: '1' }, search: { mode: 'match' } },
      { resource: { resourceType: 'OperationOutcome' }, search: { mode: 'outcome' } },
      { fullUrl: 'urn:empty' },
    ];
    server.fault = { body: JSON.stringify({ resourceType: 'Bundle', entry }) };
    expect(await all(fhir.search('Communication', {}))).toEqual([
      [{ resourceType: 'Communication', id: '1' }],
    ]);
    expect(server.last.headers['cache-control']).toBe('no-cache');
  });

  it('finds the created resource in the Location, or else in the body', async () => {
    const location = 'https://ehr.example/fhir/Communication/new/_history/4';
    server.fault = { status: 201, headers: { location }, body: '' };
    const create = () => fhir.createOnce(communication('$e'), 'identifier=x');
    expect(await create()).toEqual({ ref: 'Communication/new', versionId: '4' });
    expect(server.last.headers['if-none-exist']).toBe('identifier=x');
    const stored = { resourceType: 'Communication', id: 'old', meta: { versionId: '2' } };
    server.fault = { status: 200, body: JSON.stringify(stored) };
    expect(await create()).toEqual({ ref: 'Communication/old', versionId: '2' });
    server.fault = { status: 201, body: '' };
    expect(await failureOf(create())).toBeInstanceOf(TransientError);
  });
});
