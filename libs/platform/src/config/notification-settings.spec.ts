import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigMistake } from './config-error';
import { loadConfig } from './load-config';

const SECRET = 'a-secret-of-sixteen-or-more';
const token = { jwksUrl: 'https://id.example/jwks', issuer: 'https://id.example', audience: 'bridge' };

const load = (env: NodeJS.ProcessEnv) => loadConfig(['notifications'], env).notifications;

function mistakesOf(env: NodeJS.ProcessEnv): readonly ConfigMistake[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const sourcesEnv = (sources: unknown, secrets = `ehr=${SECRET}`): NodeJS.ProcessEnv => ({
  FHIR_NOTIFICATION_SOURCES: typeof sources === 'string' ? sources : JSON.stringify(sources),
  FHIR_NOTIFICATION_SECRETS: secrets,
  FHIR_NOTIFICATION_CERTIFICATE_HEADER: 'Client-Cert',
  FHIR_NOTIFICATION_TRUSTED_PROXIES: '10.0.0.0/8',
});

describe('notifications.sources', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'bridge-config-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const expected = {
    ehr: { secretHeader: 'authorization' },
    lab: { secretHeader: 'x-api-key', certificate: { names: ['lab.example'] } },
    medplum: { signatureHeader: 'x-signature' },
    aws: { token },
    bolt: { token, certificate: { fingerprints: ['ab'.repeat(32)] } },
  };
  const secrets = `ehr=${SECRET},lab=${SECRET},medplum=${SECRET}`;

  it('are read from JSON in the environment', () => {
    const written = {
      ehr: {},
      lab: { secretHeader: 'X-Api-Key', certificate: { names: ['lab.example'] } },
      medplum: { signatureHeader: 'X-Signature' },
      aws: { token },
      bolt: { token, certificate: { fingerprints: [Array(32).fill('AB').join(':')] } },
    };
    const { sources } = load(sourcesEnv(written, secrets));
    expect({ ...sources }).toEqual(expected);
    // A source id comes from a URL path: what every object inherits is no source.
    expect(sources?.['constructor']).toBeUndefined();
    expect(Object.isFrozen(sources?.aws?.token)).toBe(true);
  });

  it('are read from a YAML map', () => {
    const BRIDGE_CONFIG = join(folder, 'bridge.yaml');
    writeFileSync(
      BRIDGE_CONFIG,
      `notifications:
  certificateHeader: Client-Cert
  trustedProxies: [10.0.0.0/8, '::1']
  secrets: { ehr: ${SECRET}, lab: ${SECRET}, medplum: ${SECRET} }
  sources:
    ehr: {}
    lab:
      secretHeader: X-Api-Key
      certificate: { names: [lab.example] }
    medplum:
      signatureHeader: X-Signature
    aws:
      token: &token
        jwksUrl: https://id.example/jwks
        issuer: https://id.example
        audience: bridge
    bolt:
      token: *token
      certificate:
        fingerprints: ['${'ab'.repeat(32)}']
`,
    );
    const config = load({ BRIDGE_CONFIG });
    expect({ ...config.sources }).toEqual(expected);
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });

  it('name every part that is wrong, at once, and what is expected there', () => {
    const mistakes = mistakesOf(
      sourcesEnv({
        ehr: { secretHeadr: 'X' },
        lab: { secretHeader: 'not a name', certificate: { fingerprints: ['abc'], names: [7] } },
        'not/a/source': {},
        aws: { token: { jwksUrl: 'http://id.example/jwks', audience: 'x' } },
        bolt: 'bearer',
      }),
    );
    const path = (part: string): string => `FHIR_NOTIFICATION_SOURCES (notifications.sources.${part})`;
    expect(mistakes).toEqual(
      expect.arrayContaining([
        {
          setting: path('ehr.secretHeadr'),
          problem: 'no such key',
          mend: 'the keys are: secretHeader, signatureHeader, token, certificate',
        },
        ...[
          ['lab.secretHeader', 'the name of an HTTP header'],
          [
            'lab.certificate.fingerprints.0',
            'the SHA-256 of a certificate: 64 hexadecimal digits, colons between them or not',
          ],
          ['lab.certificate.names.0', 'a DNS name'],
          ['not/a/source', 'a source named in a-z, 0-9 and -'],
          ['aws.token.jwksUrl', 'an https:// URL (http:// only on this machine)'],
          ['aws.token.issuer', 'the issuer as its tokens name it (claim iss)'],
          ['bolt', 'a map of secretHeader, signatureHeader, token, certificate'],
        ].map(([part = '', form = '']) => ({
          setting: path(part),
          problem: 'is missing or not allowed',
          mend: `expected: ${form}`,
        })),
      ]),
    );
    expect(mistakes).toHaveLength(8);
  });

  it.each(['not JSON', '[]', '7'])('refuse %s', (text) => {
    const [mistake, ...more] = mistakesOf(sourcesEnv(text));
    expect(more).toEqual([]);
    expect(mistake?.mend).toContain('expected: a map: to each source some of');
  });

  it.each([
    [
      'both a secret and a signature',
      { secretHeader: 'A', signatureHeader: 'B' },
      'secretHeader or signatureHeader, not both',
    ],
    [
      'a secret where the token is',
      { secretHeader: 'Authorization', token },
      'another secretHeader than Authorization, which holds the token',
    ],
    ['a token for anybody', { token: { ...token, audience: undefined } }, 'audience or client, or both'],
    ['a certificate of anybody', { certificate: {} }, 'names or fingerprints, or both'],
  ])('refuse %s', (_case, source, form) => {
    const mistakes = mistakesOf(sourcesEnv({ ehr: source }));
    expect(mistakes.map(({ mend }) => mend)).toContain(`expected: ${form}`);
  });

  it.each([
    'https://id.example/jwks',
    'http://127.0.0.1:1/jwks',
    'http://localhost/jwks',
    'http://[::1]:1/jwks',
  ])('take keys from %s', (jwksUrl) => {
    expect(mistakesOf(sourcesEnv({ aws: { token: { ...token, jwksUrl } } }))).toEqual([]);
  });

  it.each(['http://127.evil.example/jwks', 'http://localhost.example', 'ftp://id.example/', 'id.example'])(
    'take no keys from %s',
    (jwksUrl) => {
      expect(mistakesOf(sourcesEnv({ aws: { token: { ...token, jwksUrl } } }))).toHaveLength(1);
    },
  );
});

describe('the settings of notifications together', () => {
  const problems = (env: NodeJS.ProcessEnv): string[] =>
    mistakesOf(env).map(({ setting, problem }) => `${setting.split(' ')[0]} ${problem}`);

  it('need a source', () => {
    expect(problems({})).toEqual(['FHIR_NOTIFICATION_SECRETS is not set, and no source either']);
  });

  it('need a secret for each source that shows one, and no other', () => {
    const sources = { lab: { secretHeader: 'X' }, medplum: { signatureHeader: 'Y' }, aws: { token } };
    expect(problems(sourcesEnv(sources, `ehr=${SECRET},aws=${SECRET}`))).toEqual([
      'FHIR_NOTIFICATION_SECRETS the source lab has no secret',
      'FHIR_NOTIFICATION_SECRETS the source medplum has no secret',
      'FHIR_NOTIFICATION_SECRETS the secret of aws is never asked for',
    ]);
  });

  it('need a present secret where there is one before', () => {
    expect(
      problems({
        FHIR_NOTIFICATION_SECRETS: `ehr=${SECRET}`,
        FHIR_NOTIFICATION_SECRETS_PREVIOUS: `lab=${SECRET}`,
      }),
    ).toEqual(['FHIR_NOTIFICATION_SECRETS_PREVIOUS the source lab has no present secret']);
  });

  it('say nothing of secrets that could not be read', () => {
    expect(problems(sourcesEnv({ lab: { secretHeader: 'X' } }, 'lab'))).toEqual([
      'FHIR_NOTIFICATION_SECRETS has a value of the wrong form',
    ]);
  });

  it('need the header and the proxies that are believed, both', () => {
    const secrets = { FHIR_NOTIFICATION_SECRETS: `ehr=${SECRET}` };
    expect(problems({ ...secrets, FHIR_NOTIFICATION_CERTIFICATE_HEADER: 'Client-Cert' })).toEqual([
      'FHIR_NOTIFICATION_TRUSTED_PROXIES is not set',
    ]);
    expect(problems({ ...secrets, FHIR_NOTIFICATION_TRUSTED_PROXIES: '::1' })).toEqual([
      'FHIR_NOTIFICATION_CERTIFICATE_HEADER is not set',
    ]);
  });

  it.each(['10.0.0.0/33', '10.0.0', 'fd00::/129', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/x', ''])(
    'know that %j is no network',
    (network) => {
      const env = sourcesEnv({ ehr: {} });
      expect(mistakesOf({ ...env, FHIR_NOTIFICATION_TRUSTED_PROXIES: network })).toHaveLength(1);
    },
  );

  it('need a way for client certificates to arrive', () => {
    const { FHIR_NOTIFICATION_SOURCES } = sourcesEnv({ bolt: { certificate: { names: ['bolt.example'] } } });
    expect(problems({ FHIR_NOTIFICATION_SOURCES })).toEqual([
      'FHIR_NOTIFICATION_SOURCES the client certificate of bolt cannot reach the bridge',
    ]);
  });
});
