import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { ConfigError, loadConfig } from '@bridge/platform';
import { certificateIn, clientCertificates } from '../apps/fhir-ingress/src/client-certificate';
import { isNamed } from '../apps/fhir-ingress/src/source-proofs';
import { createCertificateAuthority } from '../deploy/local/src/certificate-authority';

let pem: string;
let key: string;
let other: string;
let wildcard: string;
let certificate: X509Certificate;

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  ({ certificatePem: pem, privateKeyPem: key } = await authority.issue({ dns: ['ehr.example'], ip: [] }));
  other = (await authority.issue({ dns: ['lab.example'], ip: [] })).certificatePem;
  wildcard = (await authority.issue({ dns: ['*.example'], ip: [] })).certificatePem;
  certificate = new X509Certificate(pem);
});

const encoded = (text: string): string => encodeURIComponent(text);
const base64 = (): string => certificate.raw.toString('base64');

describe('certificateIn', () => {
  it.each([
    ['RFC 9440', () => `:${base64()}:`],
    ['nginx: $ssl_client_escaped_cert', () => encoded(pem)],
    ['AWS ALB, which leaves + = and / as they are', () => encodeURI(pem.trim())],
    ['HAProxy: ssl_c_der,base64', () => base64()],
    ['Traefik, URL-encoded', () => encoded(base64())],
    ['Envoy', () => `By=spiffe://x;Hash=${'0'.repeat(64)};Cert="${encoded(pem)}";Subject="CN=a, O=b";URI=`],
  ])('reads the form of %s', (_of, header) => {
    expect(certificateIn(header())?.fingerprint256).toBe(certificate.fingerprint256);
  });

  it.each([
    ['nothing', () => ''],
    ['a name instead', () => 'CN=ehr.example'],
    ['broken URL encoding', () => '%zz'],
    ['broken base64', () => `:${base64().slice(0, -10)}:`],
    ['another language', () => '{"certificate":1}'],
    ['two certificates, PEM', () => encoded(pem + other)],
    [
      'two certificates, DER',
      () => Buffer.concat([certificate.raw, new X509Certificate(other).raw]).toString('base64'),
    ],
    ['two certificates, as a proxy that adds leaves them', () => `${base64()}, ${base64()}`],
    ['two certificates, PEM, as a proxy that adds leaves them', () => `${encoded(pem)}, ${encoded(other)}`],
    ['two elements of Envoy', () => `Cert="${encoded(pem)}",Cert="${encoded(other)}"`],
    ['a key', () => encoded('-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----')],
  ])('reads none in %s', (_case, header) => {
    expect(certificateIn(header())).toBeUndefined();
  });
});

describe('clientCertificates', () => {
  const found = (remoteAddress: string | undefined, header: string, trustedProxies: string[]): boolean => {
    const certificateOf = clientCertificates({ certificateHeader: 'client-cert', trustedProxies });
    const request = { headers: { [header]: `:${base64()}:` }, raw: { socket: { remoteAddress } } };
    return certificateOf(request as never) !== undefined;
  };

  it.each([
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['10.1.2.3', ['192.168.0.1', '10.1.2.3'], true],
    ['10.1.2.4', ['10.1.2.3'], false],
    ['fd00::1', ['fd00::/8'], true],
    ['fe80::1', ['fd00::/8'], false],
    ['::1', ['0.0.0.0/0'], false],
    [undefined, ['0.0.0.0/0', '::/0'], false],
  ])('believes %s where %j is trusted: %s', (address, trusted, believed) => {
    expect(found(address, 'client-cert', trusted)).toBe(believed);
  });

  it('reads no other header', () => {
    expect(found('10.1.2.3', 'x-client-cert', ['10.0.0.0/8'])).toBe(false);
  });

  it('believes nobody where no header is configured', () => {
    const request = {
      headers: { undefined: `:${base64()}:` },
      raw: { socket: { remoteAddress: '10.1.2.3' } },
    };
    expect(clientCertificates({ trustedProxies: ['10.0.0.0/8'] } as never)(request as never)).toBeUndefined();
  });
});

describe('isNamed', () => {
  it('knows a certificate by one of its names, and by its fingerprint', () => {
    const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    expect(isNamed(certificate, { names: ['lab.example', 'ehr.example'] })).toBe(true);
    expect(isNamed(certificate, { fingerprints: ['0'.repeat(64), fingerprint] })).toBe(true);
    expect(isNamed(certificate, { names: ['lab.example'], fingerprints: [fingerprint] })).toBe(true);
  });

  it('knows no other', () => {
    expect(isNamed(certificate, { names: ['lab.example', 'ehr.example.org', 'example'] })).toBe(false);
    expect(isNamed(certificate, { fingerprints: ['0'.repeat(64)] })).toBe(false);
    expect(isNamed(certificate, {})).toBe(false);
    expect(isNamed(new X509Certificate(wildcard), { names: ['ehr.example'] })).toBe(false);
  });
});

describe('the settings of TLS', () => {
  const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

  function problems(tls: Record<string, string>): string[] {
    const env = Object.entries(tls).map(([name, value]) => [`FHIR_NOTIFICATION_${name}`, value]);
    try {
      loadConfig(['notifications'], {
        FHIR_NOTIFICATION_SECRETS: 'ehr=a-secret-of-sixteen-or-more',
        ...(Object.fromEntries(env) as Record<string, string>),
      });
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.mistakes.map(
        ({ setting, problem }) => `${setting.split('.')[1]?.slice(0, -1)} ${problem}`,
      );
    }
  }

  it('are a certificate and its key, both', () => {
    expect(problems({ TLS_CERTIFICATE: pem, TLS_KEY: key })).toEqual([]);
    expect(problems({ TLS_CERTIFICATE: `${pem}\n${other}\n`, TLS_KEY: key, CLIENT_CA: other })).toEqual([]);
    expect(problems({ TLS_KEY: key })).toEqual(['tlsCertificate is not set']);
    expect(problems({ TLS_CERTIFICATE: pem })).toEqual(['tlsKey is not set']);
    expect(problems({ CLIENT_CA: pem })).toEqual(['tlsCertificate is not set', 'tlsKey is not set']);
    expect(problems({ TLS_CERTIFICATE: pem, TLS_KEY: otherKey })).toEqual([
      'tlsKey is not the key of the certificate',
    ]);
    expect(problems({ TLS_CERTIFICATE: `${other}\r\n${pem}`, TLS_KEY: key })).toEqual([
      'tlsKey is not the key of the certificate',
    ]);
  });

  it('are no certificates that run into each other', () => {
    expect(problems({ TLS_CERTIFICATE: pem.trim() + other, TLS_KEY: key })).toEqual([
      'tlsCertificate has a value of the wrong form',
    ]);
  });

  it.each(['text', ' ', '-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----'])(
    'are not %j',
    (text) => {
      expect(problems({ TLS_CERTIFICATE: text, TLS_KEY: text, CLIENT_CA: text })).toEqual(
        ['tlsCertificate', 'tlsKey', 'clientCa'].map((setting) => `${setting} has a value of the wrong form`),
      );
    },
  );
});
