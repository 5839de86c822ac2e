import { parse } from 'yaml';
import { threeOrganisations } from '../../../check/compose/three-organisations';
import { readSettings, type Settings } from '../settings';
import { traefikRoutes, traefikTls } from './traefik';

interface Routes {
  readonly http: {
    readonly routers: Record<string, { rule: string; service: string; middlewares: string[]; tls?: object }>;
    readonly services: Record<string, { loadBalancer: { servers: { url: string }[] } }>;
    readonly middlewares: Record<string, { headers: { stsSeconds: number; forceSTSHeader: boolean } }>;
  };
  readonly tls: { readonly certificates: object[] };
}

function routesOf(settings: Settings = {}): Routes {
  const { federation } = readSettings({ ...threeOrganisations, ...settings });
  const vvt = federation.organisations.find(({ name }) => name === 'vvt')!;
  return parse(traefikRoutes(vvt, federation)) as Routes;
}

const matrix = '(PathPrefix(`/_matrix/`) || PathPrefix(`/_synapse/client/`))';

describe('the routes of Traefik', () => {
  it('lead to what is for the outside, and to nothing else of the homeserver', () => {
    const { routers, services } = routesOf().http;
    expect(Object.entries(routers).map(([name, { rule, service }]) => [name, rule, service])).toEqual([
      ['vvt-homeserver', `Host(\`vvt\`) && ${matrix}`, 'vvt'],
      ['vvt-well-known', 'Host(`vvt`) && PathPrefix(`/.well-known/matrix/`)', 'vvt-well-known'],
    ]);
    const urls = Object.entries(services).map(([name, { loadBalancer }]) => [name, loadBalancer.servers]);
    expect(urls).toEqual([
      ['vvt', [{ url: 'http://vvt-synapse:8008' }]],
      ['vvt-well-known', [{ url: 'http://well-known:8080' }]],
    ]);
  });

  it('are bound to the name of the organisation, by TLS, with HSTS', () => {
    for (const settings of [{}, { VVT_MESSENGER_PROXY: 'true', PROXY_PROFILE: 'tim' }]) {
      const { http, tls } = routesOf(settings);
      for (const { rule, middlewares, tls: byTls } of Object.values(http.routers)) {
        expect(rule).toMatch(/^Host\(`vvt`\) && /);
        expect(rule).not.toMatch(/PathPrefix\(`\/`\)|_synapse\/admin/);
        expect(middlewares).toEqual(['vvt-headers']);
        expect(byTls).toEqual({});
      }
      expect(http.middlewares).toEqual({
        'vvt-headers': { headers: { stsSeconds: 63_072_000, forceSTSHeader: true } },
      });
      expect(tls.certificates).toEqual([
        { certFile: '/run/secrets/vvt.crt', keyFile: '/run/secrets/vvt.key' },
      ]);
    }
  });
});

describe('the TLS of Traefik', () => {
  it('is 1.2 or newer, with forward secrecy, and for names that are here', () => {
    const { tls } = parse(traefikTls()) as {
      tls: { options: { default: { minVersion: string; sniStrict: boolean; cipherSuites: string[] } } };
    };
    const { minVersion, sniStrict, cipherSuites } = tls.options.default;
    expect({ minVersion, sniStrict }).toEqual({ minVersion: 'VersionTLS12', sniStrict: true });
    expect(cipherSuites.length).toBeGreaterThan(0);
    for (const suite of cipherSuites)
      expect(suite).toMatch(/^TLS_ECDHE_ECDSA_WITH_(AES_\d+_GCM_SHA\d+|CHACHA20_POLY1305_SHA256)$/);
  });
});
