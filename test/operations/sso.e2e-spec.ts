import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { bridgeSecrets, registrationOf } from '../../deploy/local/src/bridge-secrets';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../deploy/local/src/certificate-authority';
import { ManagedProcess } from '../../deploy/local/src/child-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { projectRoot } from '../../deploy/local/src/project-root';
import { type Homeserver, prepareHomeserver } from '../../deploy/local/src/synapse';
import { Browser } from '../support/browser';
import { readDocument } from '../support/cited-tests';
import { call } from '../support/client-api';

/* Synapse with the very lines of docs/operations/sso.md, and an OpenID provider. */

const secrets = bridgeSecrets();
let folder: string;
let homeserver: Homeserver;
let provider: ManagedProcess;
let authority: CertificateAuthority;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-sso-'));
  const [clientPort, federationPort, providerPort, asPort] = (await freePorts(4)) as [
    number,
    number,
    number,
    number,
  ];
  authority = await createCertificateAuthority();
  const at = (name: string): string => join(folder, name);
  await writeFile(at('ca.crt'), authority.certificatePem);
  provider = await openIdProvider(providerPort, clientPort);
  homeserver = await prepareHomeserver({
    organisation: 'vvt',
    clientPort,
    federationPort,
    authority,
    registrations: [registrationOf(secrets, `localhost:${federationPort}`, `http://127.0.0.1:${asPort}`)],
    env: { SSL_CERT_FILE: at('ca.crt') },
    directory: at('synapse'),
    logFile: at('synapse.log'),
  });
  await configure(`https://localhost:${providerPort}/`);
  await Promise.all([provider.start(), homeserver.process.start()]);
}, 120_000);

afterAll(async () => {
  await Promise.all([homeserver?.process.stop(), provider?.stop()]);
  await rm(folder, { recursive: true });
}, 60_000);

async function openIdProvider(port: number, clientPort: number): Promise<ManagedProcess> {
  const { certificatePem, privateKeyPem } = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
  const files = { CERTIFICATE: join(folder, 'provider.crt'), PRIVATE_KEY: join(folder, 'provider.key') };
  const clientSecret = randomBytes(32).toString('hex');
  await writeFile(files.CERTIFICATE, certificatePem);
  await writeFile(files.PRIVATE_KEY, privateKeyPem, { mode: 0o600 });
  await writeFile(join(folder, 'client_secret'), clientSecret, { mode: 0o600 });
  return new ManagedProcess({
    name: 'OpenID provider',
    command: process.execPath,
    args: [join(projectRoot(), 'test/support/openid-provider.mjs')],
    env: {
      ...files,
      PORT: String(port),
      CLIENT_SECRET: clientSecret,
      REDIRECT_URI: `http://127.0.0.1:${clientPort}/_synapse/client/oidc/callback`,
    },
    logFile: join(folder, 'provider.log'),
    ready: () => isDiscovered(`https://localhost:${port}`),
    readyWithinMs: 30_000,
  });
}

async function isDiscovered(issuer: string): Promise<boolean> {
  const browser = new Browser(authority.certificatePem);
  try {
    return (await browser.visit(`${issuer}/.well-known/openid-configuration`)).status === 200;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    await browser.close();
  }
}

/** The page's lines, with another provider and another place for the secret. */
async function configure(issuer: string): Promise<void> {
  const lines = /```yaml\n(oidc_providers:[^`]+)```/.exec(readDocument('operations/sso.md'))?.[1] ?? '';
  const settings = parse(lines) as { oidc_providers: [object]; password_config: object };
  const [asWritten] = settings.oidc_providers;
  const here = { ...asWritten, issuer, client_secret_path: join(folder, 'client_secret') };
  const file = join(folder, 'synapse/homeserver.yaml');
  const config = parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, stringify({ ...config, ...settings, oidc_providers: [here] }));
}

/** What the homeserver's last page hands to the client. */
async function logInToken(name: string): Promise<string> {
  const browser = new Browser(authority.certificatePem);
  try {
    const redirect = '/_matrix/client/v3/login/sso/redirect/oidc-organisation';
    const client = encodeURIComponent('https://element.vvt.example/');
    const logInPage = await browser.visit(`${homeserver.clientUrl}${redirect}?redirectUrl=${client}`);
    const consentPage = await browser.submit(logInPage, { login: name, password: 'not looked at' });
    const { text } = await browser.submit(consentPage);
    const token = /loginToken=([\w-]+)/.exec(text)?.[1];
    if (token === undefined) throw new Error(`No token for logging in: ${text}`);
    return token;
  } finally {
    await browser.close();
  }
}

/** Logs in as a person does, at the provider's own page. @returns whose session the homeserver gives then */
async function logIn(name: string): Promise<{ user_id: string; access_token: string }> {
  const token = await logInToken(name);
  const nobody = { clientUrl: homeserver.clientUrl, account: { accessToken: '' } };
  return call(nobody, 'POST', '/_matrix/client/v3/login', { type: 'm.login.token', token });
}

describe('people log in with the organisation’s identity provider', () => {
  it('and with nothing else: the homeserver offers no password', async () => {
    const answer = await fetch(`${homeserver.clientUrl}/_matrix/client/v3/login`);
    const { flows } = (await answer.json()) as { flows: { type: string; identity_providers?: object[] }[] };
    expect(flows.map(({ type }) => type)).not.toContain('m.login.password');
    expect(flows.find(({ type }) => type === 'm.login.sso')?.identity_providers).toMatchObject([
      { id: 'oidc-organisation', name: 'VVT De Linde' },
    ]);
  });

  it('a new person gets the account that the record names', async () => {
    const { user_id: userId, access_token: accessToken } = await logIn('l.smit');
    expect(userId).toBe(`@l.smit:${homeserver.serverName}`);
    const profile = await call<{ displayname: string }>(
      { clientUrl: homeserver.clientUrl, account: { accessToken } },
      'GET',
      `/_matrix/client/v3/profile/${encodeURIComponent(userId)}`,
    );
    expect(profile.displayname).toBe('Known as l.smit');
  });

  it('somebody with an account from before goes on with it', async () => {
    const { userId } = await homeserver.registerUser(
      's.visser',
      'from before single sign-on',
      'Sanne Visser',
    );
    expect(await logIn('s.visser')).toMatchObject({ user_id: userId });
  });
});

describe('the bridge', () => {
  it('makes ghosts and acts as them, though nobody has a password', async () => {
    const bridge = { clientUrl: homeserver.clientUrl, account: { accessToken: secrets.asToken } };
    const userId = `@_fhir_bridge_carer:${homeserver.serverName}`;
    await call(bridge, 'POST', '/_matrix/client/v3/register', {
      type: 'm.login.application_service',
      username: '_fhir_bridge_carer',
      inhibit_login: true,
    });
    const whoami = `/_matrix/client/v3/account/whoami?user_id=${encodeURIComponent(userId)}`;
    expect(await call(bridge, 'GET', whoami)).toMatchObject({ user_id: userId });
  });
});
