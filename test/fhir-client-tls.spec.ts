import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { loadConfig } from '@bridge/platform';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../deploy/local/src/certificate-authority';

const patient = FhirRef.parse('Patient/p');

let authority: CertificateAuthority;
let server: Server;
/** The common name of the certificate that each client showed, and the paths that were asked for. */
const seen: { client: string | undefined; path: string | undefined }[] = [];
const clients: FhirClient[] = [];

beforeAll(async () => {
  authority = await createCertificateAuthority();
  const { certificatePem: cert, privateKeyPem: key } = await authority.issue({ dns: [], ip: ['127.0.0.1'] });
  server = createServer({
    cert,
    key,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on('request', (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    seen.push({ client: [subject?.CN].flat()[0], path: request.url });
    const isToken = request.url === '/token';
    const token = { access_token: 'tok', token_type: 'Bearer', expires_in: 300 };
    response.end(JSON.stringify(isToken ? token : { resourceType: 'Patient', id: 'p' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

beforeEach(() => void seen.splice(0));

afterAll(async () => {
  await Promise.all(clients.map((client) => client.onApplicationShutdown()));
  server.closeAllConnections();
  server.close();
});

function clientOf(env: NodeJS.ProcessEnv): FhirClient {
  const FHIR_BASE_URL = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new FhirClient(loadConfig(['fhir'], { FHIR_BASE_URL, ...env }).fhir);
  clients.push(client);
  return client;
}

async function own(from: CertificateAuthority = authority) {
  const { certificatePem, privateKeyPem } = await from.issue({ dns: ['bridge'], ip: [] });
  return { FHIR_TLS_CERTIFICATE: certificatePem, FHIR_TLS_KEY: privateKeyPem };
}

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it succeeded',
    ({ message }: Error) => message,
  );

it('shows its certificate, and believes the authority that it is told to', async () => {
  const fhir = clientOf({ FHIR_TLS_CA: authority.certificatePem, ...(await own()) });
  expect(await fhir.read(patient)).toMatchObject({ id: 'p' });
  expect(seen).toEqual([{ client: 'bridge', path: '/Patient/p' }]);
});

it('shows it to who gives out tokens as well', async () => {
  const { port } = server.address() as AddressInfo;
  const fhir = clientOf({
    FHIR_TLS_CA: authority.certificatePem,
    ...(await own()),
    FHIR_AUTH: 'client-credentials',
    FHIR_CLIENT_AUTH_METHOD: 'client_secret_basic',
    FHIR_CLIENT_ID: 'bridge',
    FHIR_CLIENT_SECRET: 's',
    FHIR_TOKEN_URL: `https://127.0.0.1:${port}/token`,
  });
  await fhir.read(patient);
  expect(seen).toEqual([
    { client: 'bridge', path: '/token' },
    { client: 'bridge', path: '/Patient/p' },
  ]);
});

it('does not get in without a certificate, or with one that somebody else signed', async () => {
  const stranger = await createCertificateAuthority();
  const trusted = { FHIR_TLS_CA: authority.certificatePem };
  for (const env of [trusted, { ...trusted, ...(await own(stranger)) }])
    expect(await reasonOf(clientOf(env).read(patient))).toMatch(
      /could not be reached to read a resource: \w+/,
    );
  expect(seen).toEqual([]);
});

it('does not speak to a server whose authority it does not know, and says why', async () => {
  const stranger = await createCertificateAuthority();
  for (const env of [{}, { FHIR_TLS_CA: stranger.certificatePem }])
    expect(await reasonOf(clientOf({ ...env, ...(await own()) }).read(patient))).toMatch(
      /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN/,
    );
  expect(seen).toEqual([]);
});
