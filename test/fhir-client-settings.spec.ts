import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigMistake, fhirAuth, loadConfig } from '@bridge/platform';
import { createCertificateAuthority } from '../deploy/local/src/certificate-authority';

const FHIR_BASE_URL = 'https://ehr.example/fhir';

const pem = (key: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer }) =>
  String(key.export({ type: 'pkcs8', format: 'pem' }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function load(env: NodeJS.ProcessEnv) {
  return loadConfig(['fhir'], { FHIR_BASE_URL, ...env }).fhir;
}

function mistakesOf(env: NodeJS.ProcessEnv): readonly ConfigMistake[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const settingsOf = (env: NodeJS.ProcessEnv) => mistakesOf(env).map(({ setting }) => setting.split(' ')[0]);

describe('how the bridge shows the FHIR server who it is', () => {
  it('is nothing, or the bearer token where one is set, unless FHIR_AUTH says otherwise', () => {
    expect(fhirAuth(load({}))).toBe('none');
    expect(fhirAuth(load({ FHIR_BEARER_TOKEN: 'token' }))).toBe('bearer');
    expect(fhirAuth(load({ FHIR_AUTH: 'basic', FHIR_USER: 'u', FHIR_PASSWORD: 'p w' }))).toBe('basic');
  });

  it.each([
    ['bearer', {}, ['FHIR_BEARER_TOKEN']],
    ['basic', {}, ['FHIR_USER', 'FHIR_PASSWORD']],
    ['client-credentials', {}, ['FHIR_CLIENT_ID', 'FHIR_CLIENT_KEY']],
    [
      'client-credentials',
      { FHIR_CLIENT_AUTH_METHOD: 'client_secret_basic' },
      ['FHIR_CLIENT_ID', 'FHIR_CLIENT_SECRET'],
    ],
    [
      'client-credentials',
      { FHIR_CLIENT_AUTH_METHOD: 'client_secret_post', FHIR_CLIENT_KEY: pem(rsa) },
      ['FHIR_CLIENT_ID', 'FHIR_CLIENT_SECRET'],
    ],
    ['nuts', {}, ['FHIR_NUTS_URL', 'FHIR_NUTS_SUBJECT', 'FHIR_NUTS_AUTHORIZATION_SERVER', 'FHIR_SCOPE']],
  ])('as %s with %j names all that is missing at once', (FHIR_AUTH, more, missing) => {
    expect(settingsOf({ FHIR_AUTH, ...more })).toEqual(missing);
  });

  it('has no setting that does nothing, and says which kind would use it', () => {
    const [mistake, ...others] = mistakesOf({ FHIR_CLIENT_ID: 'bridge' });
    expect(others).toEqual([]);
    expect(mistake).toEqual({
      setting: 'FHIR_CLIENT_ID (fhir.clientId)',
      problem: 'is set, and FHIR_AUTH none has no use for it',
      mend: 'unset it, or set FHIR_AUTH to client-credentials',
    });
    const [scope] = mistakesOf({ FHIR_BEARER_TOKEN: 'token', FHIR_SCOPE: 'system/*.rs' });
    expect(scope?.mend).toBe('unset it, or set FHIR_AUTH to client-credentials or nuts');
  });

  it('names a setting with a wrong value once, and draws no conclusion from it', () => {
    expect(settingsOf({ FHIR_AUTH: 'oauth', FHIR_CLIENT_ID: 'bridge' })).toEqual(['FHIR_AUTH']);
    expect(settingsOf({ FHIR_AUTH: 'bearer', FHIR_BEARER_TOKEN: 'a b' })).toEqual(['FHIR_BEARER_TOKEN']);
    expect(settingsOf({ FHIR_TLS_CERTIFICATE: 'none', FHIR_TLS_KEY: pem(rsa) })).toEqual([
      'FHIR_TLS_CERTIFICATE',
    ]);
  });

  it.each([
    ['RSA', pem(rsa)],
    ['EC on P-384', pem(p384)],
    ['a JWK', JSON.stringify({ ...p384.export({ format: 'jwk' }), kid: 'k1' })],
  ])('signs with a key that is %s', (_, FHIR_CLIENT_KEY) => {
    const env = { FHIR_AUTH: 'client-credentials', FHIR_CLIENT_ID: 'bridge', FHIR_CLIENT_KEY };
    expect(load(env).clientKey).toBe(FHIR_CLIENT_KEY);
  });

  it.each([
    ['EC on another curve', pem(p256)],
    ['RSA of 1024 bits', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)],
    [
      'encrypted',
      String(p384.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'canary' })),
    ],
    ['a public JWK', JSON.stringify({ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' })],
    ['no key', 'canary'],
    ['no JSON', '{canary'],
  ])('refuses a key that is %s, without showing it', (_, FHIR_CLIENT_KEY) => {
    const [mistake, ...others] = mistakesOf({
      FHIR_AUTH: 'client-credentials',
      FHIR_CLIENT_AUTH_METHOD: 'client_secret_post',
      FHIR_CLIENT_SECRET: 's',
      FHIR_CLIENT_ID: 'bridge',
      FHIR_CLIENT_KEY,
    });
    expect(others).toEqual([]);
    expect(mistake?.problem).toBe('has a value of the wrong form');
    expect(JSON.stringify(mistake)).not.toContain('canary');
  });
});

describe('the certificates', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bridge-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(name: string, content: string): string {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  }

  it('are read from the files that _FILE variables name', async () => {
    const authority = await createCertificateAuthority();
    const own = await authority.issue({ dns: ['bridge'], ip: [] });
    const config = load({
      FHIR_TLS_CA_FILE: file('ca.pem', authority.certificatePem),
      FHIR_TLS_CERTIFICATE_FILE: file('cert.pem', `${own.certificatePem}\n${authority.certificatePem}`),
      FHIR_TLS_KEY_FILE: file('key.pem', own.privateKeyPem),
    });
    expect(config.tlsCa).toBe(authority.certificatePem.trim());
    expect(config.tlsKey).toBe(own.privateKeyPem.trim());
  });

  it('need their key, and the right one', async () => {
    const authority = await createCertificateAuthority();
    const [own, other] = [
      await authority.issue({ dns: ['bridge'], ip: [] }),
      await authority.issue({ dns: ['other'], ip: [] }),
    ];
    const certificate = { FHIR_TLS_CERTIFICATE: own.certificatePem };
    expect(settingsOf(certificate)).toEqual(['FHIR_TLS_KEY']);
    expect(settingsOf({ FHIR_TLS_KEY: own.privateKeyPem })).toEqual(['FHIR_TLS_CERTIFICATE']);
    expect(mistakesOf({ ...certificate, FHIR_TLS_KEY: own.privateKeyPem })).toEqual([]);
    expect(mistakesOf({ ...certificate, FHIR_TLS_KEY: other.privateKeyPem })[0]?.problem).toContain(
      'does not belong to',
    );
    const broken = `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`;
    expect(settingsOf({ FHIR_TLS_CA: broken })).toEqual(['FHIR_TLS_CA']);
    expect(settingsOf({ FHIR_TLS_CA: 'none' })).toEqual(['FHIR_TLS_CA']);
  });
});

describe('more headers', () => {
  it('are pairs', () => {
    expect({ ...load({ FHIR_HEADERS: 'X-Tenant=a=b, X-Api-Key=secret' }).headers }).toEqual({
      'x-tenant': 'a=b',
      'x-api-key': 'secret',
    });
  });

  it.each([
    'Authorization=Bearer x',
    'if-match=*',
    'Cache-Control=x',
    'Content-Type=a',
    'X-A',
    'X A=1',
    'X-A=1,x-a=2',
    'X-A=\u00e9',
  ])('are refused as %s', (FHIR_HEADERS) => {
    expect(settingsOf({ FHIR_HEADERS })).toEqual(['FHIR_HEADERS']);
  });
});
