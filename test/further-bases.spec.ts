import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FhirRefusal, FurtherBases, below } from '@bridge/fhir';

const base = new URL('https://ehr.example/fhir/');

describe('an address', () => {
  it.each([
    ['Binary/1', 'https://ehr.example/fhir/Binary/1'],
    ['https://ehr.example/fhir/Binary/1', 'https://ehr.example/fhir/Binary/1'],
    ['https://ehr.example:443/fhir/Binary/1/_history/2', 'https://ehr.example/fhir/Binary/1/_history/2'],
    ['HTTPS://EHR.example/fhir/x/../Binary/1', 'https://ehr.example/fhir/Binary/1'],
  ])('%s lies below the base', (address, found) => {
    expect(below(base, address)?.href).toBe(found);
  });

  it.each([
    'https://ehr.example/admin',
    'https://ehr.example/fhir/../admin',
    'https://ehr.example/fhir/%2e%2e/admin',
    'https://ehr.example/fhir/..%2fadmin',
    'https://ehr.example/fhir/%2E%2E%2Fadmin',
    'https://ehr.example/fhir/..%5cadmin',
    'https://ehr.example/fhir\\..\\admin',
    'https://ehr.example/fhirs/Binary/1',
    'https://ehr.example:8443/fhir/Binary/1',
    'http://ehr.example/fhir/Binary/1',
    'https://ehr.example.evil.example/fhir/Binary/1',
    'https://ehr.example@evil.example/fhir/Binary/1',
    'https://user:secret@ehr.example/fhir/Binary/1',
    '//evil.example/fhir/Binary/1',
    '\\\\evil.example\\fhir\\',
    '/admin',
    '../admin',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/fhir/',
    'http://127.1/fhir/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:alert(1)',
    'https://',
  ])('%s does not', (address) => {
    expect(below(base, address)).toBeUndefined();
  });
});

describe('a further base', () => {
  let server: Server;
  let bases: FurtherBases;
  let url: string;
  const asked: { path: string; authorization: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer((incoming, answer) => {
      asked.push({ path: incoming.url ?? '', authorization: incoming.headers.authorization });
      if (incoming.url === '/fhir/Binary/elsewhere') answer.writeHead(302, { location: '/admin' }).end();
      else answer.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
    bases = new FurtherBases({
      attachmentBases: ['https://other.example/fhir', url],
      requestTimeoutMs: 5_000,
    });
  });
  afterAll(async () => {
    await bases.onApplicationShutdown();
    server.close();
  });
  beforeEach(() => asked.splice(0));

  it('is read without a token', async () => {
    const answer = await bases.open(`${url}/Binary/1`, 'read a file');
    expect(await answer?.body.text()).toBe('%PDF');
    expect(asked).toEqual([{ path: '/fhir/Binary/1', authorization: undefined }]);
  });

  it('that leads elsewhere is not followed', async () => {
    await expect(bases.open(`${url}/Binary/elsewhere`, 'read a file')).rejects.toThrow(FhirRefusal);
    expect(asked.map(({ path }) => path)).toEqual(['/fhir/Binary/elsewhere']);
  });

  it('is none for any other address, and nothing is asked', async () => {
    for (const address of ['Binary/1', `${url}/../admin`, `${url}/..%2fadmin`, 'https://elsewhere.example/x'])
      expect(await bases.open(address, 'read a file')).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
