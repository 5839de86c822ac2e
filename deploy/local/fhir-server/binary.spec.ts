import { randomBytes } from 'node:crypto';
import type { Binary, DocumentReference } from '@medplum/fhirtypes';
import { type FhirServer, startFhirServer } from './server';
import { TestClient } from './test-client';

let server: FhirServer;
let client: TestClient;
const bytes = randomBytes(300_000);

beforeAll(async () => {
  server = await startFhirServer({ port: 0, largestBinary: bytes.length });
  client = new TestClient(server.baseUrl);
});

afterAll(() => server.close());

function post(body: Buffer, headers: Record<string, string> = { 'content-type': 'image/png' }) {
  return fetch(`${server.baseUrl}/Binary`, { method: 'POST', headers, body: new Uint8Array(body) });
}

async function stored(headers?: Record<string, string>): Promise<Binary & { id: string }> {
  const answer = await post(bytes, headers);
  expect(answer.status).toBe(201);
  return (await answer.json()) as Binary & { id: string };
}

it('bytes that are posted are a Binary of their Content-Type, read as the same bytes', async () => {
  const answer = await post(bytes);
  const { id, contentType, data } = (await answer.json()) as Binary;
  expect({ status: answer.status, contentType, data }).toEqual({
    status: 201,
    contentType: 'image/png',
    data: undefined,
  });
  expect(answer.headers.get('location')).toBe(`${server.baseUrl}/Binary/${id}/_history/1`);
  const read = await fetch(`${server.baseUrl}/Binary/${id}`);
  expect(read.headers.get('content-type')).toBe('image/png');
  expect(read.headers.get('content-length')).toBe(String(bytes.length));
  expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
});

it('who asks for FHIR reads the resource with the bytes in base64', async () => {
  const { id } = await stored();
  const { body } = await client.call<Binary>('GET', `Binary/${id}`, undefined, {
    accept: 'application/fhir+json',
  });
  expect(body).toMatchObject({
    resourceType: 'Binary',
    contentType: 'image/png',
    data: bytes.toString('base64'),
  });
});

it('a Binary that is posted as FHIR is read as bytes as well', async () => {
  const data = Buffer.from('short').toString('base64');
  const { id } = await client.create({ resourceType: 'Binary', contentType: 'text/plain', data });
  const read = await fetch(`${server.baseUrl}/Binary/${id}`);
  expect(read.headers.get('content-type')).toBe('text/plain');
  expect(await read.text()).toBe('short');
});

it('keeps whose rules of access hold for the bytes', async () => {
  const { securityContext } = await stored({
    'content-type': 'image/png',
    'x-security-context': 'Patient/p',
  });
  expect(securityContext).toEqual({ reference: 'Patient/p' });
});

it('nothing is stored of what is too large', async () => {
  const before = (await client.pages('Binary'))[0]?.total;
  const answer = await post(Buffer.concat([bytes, Buffer.of(0)]));
  expect(answer.status).toBe(413);
  expect((await client.pages('Binary'))[0]?.total).toBe(before);
});

it('what is not there or was deleted has no bytes', async () => {
  const { id } = await stored();
  expect((await client.call('DELETE', `Binary/${id}`)).status).toBe(204);
  expect((await fetch(`${server.baseUrl}/Binary/${id}`)).status).toBe(410);
  expect((await fetch(`${server.baseUrl}/Binary/none`)).status).toBe(404);
});

it('bytes want the token like everything else', async () => {
  const guarded = await startFhirServer({ port: 0, bearerToken: 'secret-token' });
  const headers = { 'content-type': 'image/png' };
  expect((await fetch(`${guarded.baseUrl}/Binary`, { method: 'POST', headers, body: 'x' })).status).toBe(401);
  expect((await fetch(`${guarded.baseUrl}/Binary/x`)).status).toBe(401);
  await guarded.close();
});

it('a DocumentReference is created once and found by its identifier', async () => {
  const identifier = { system: 'https://matrix.org/event-id', value: '$document' };
  const document: DocumentReference = {
    resourceType: 'DocumentReference',
    status: 'current',
    identifier: [identifier],
    content: [{ attachment: { url: 'Binary/b' } }],
  };
  const query = `identifier=${encodeURIComponent(`${identifier.system}|${identifier.value}`)}`;
  const create = () => client.call('POST', 'DocumentReference', document, { 'if-none-exist': query });
  expect([(await create()).status, (await create()).status]).toEqual([201, 200]);
  const [found] = await client.pages(`DocumentReference?${query}`);
  expect(found?.total).toBe(1);
});
