import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '@bridge/certificates';
import { loadConfig } from '@bridge/platform';
import { parse } from 'yaml';
import { messengerProxySections } from '../../../../apps/messenger-proxy/src/app.module';
import { makeListKey } from '../../../../apps/messenger-proxy/src/federation-list/sign-list';
import { organisationSecrets } from '../secrets';
import { readSettings, type Settings } from '../settings';
import { homeserverConfig } from './homeserver';
import { type MessengerProxyCredentials, messengerProxyConfig } from './messenger-proxy';
import { proxyServer } from './nginx';
import { renderOrganisation } from './organisation';
import { traefikRoutes } from './traefik';

const three = {
  APOTHEEK_SERVER_NAME: 'apotheek',
  APOTHEEK_SUBNET: '172.30.1.0/24',
  VVT_SERVER_NAME: 'vvt.example',
  VVT_SUBNET: '172.30.3.0/24',
  VVT_MESSENGER_PROXY: 'true',
};

let credentials: MessengerProxyCredentials;
beforeAll(async () => {
  const validity = { now: new Date(), days: 2 };
  credentials = {
    outbound: await makeAuthority('Outbound', validity),
    listKey: makeListKey().publicKey,
    natsPassword: 'a-password',
    trust: (await Promise.all(['One', 'Two'].map((name) => makeAuthority(name, validity))))
      .map(({ certificatePem }) => `${certificatePem}\n`)
      .join(''),
  };
});

function planOf(settings: Settings = {}) {
  const { federation } = readSettings({ ...three, ...settings });
  const [apotheek, vvt] = federation.organisations;
  return { federation, apotheek: apotheek!, vvt: vvt! };
}

/** As the process reads it, with the files and variables that Compose gives it. */
function configOf(settings: Settings = {}, more: Partial<MessengerProxyCredentials> = {}) {
  const { federation, vvt } = planOf(settings);
  const folder = mkdtempSync(join(tmpdir(), 'bridge-proxy-'));
  try {
    const file = join(folder, 'messenger-proxy.yaml');
    writeFileSync(file, messengerProxyConfig(vvt, federation, { ...credentials, ...more }));
    return loadConfig(messengerProxySections, {
      BRIDGE_CONFIG: file,
      HTTP_PORT: '1233',
      DATABASE_URL: 'postgresql://bridge:example@vvt-bridge-db:5432/bridge',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the configuration of a messenger proxy', () => {
  it('is one that it starts with', () => {
    const { proxy, matrix } = configOf({ PEER_NETWORKS: '10.1.0.0/16' });
    expect(matrix.serverName).toBe('vvt.example');
    expect(proxy).toMatchObject({
      profile: 'closed-federation',
      homeserverUrl: 'http://vvt-synapse:8008',
      list: '/list/list.jws',
      inboundPort: 8090,
      outboundPort: 8093,
      wellKnownServer: 'vvt.example:8448',
      wellKnownClientUrl: 'https://vvt.example:8448',
      outbound: 'intercept',
      outboundNetworks: ['172.30.3.0/24', '10.1.0.0/16'],
      outboundTrust: credentials.trust,
      listKey: credentials.listKey,
    });
  });

  it('has the one authority and its key', () => {
    const { outboundCertificate, outboundKey } = configOf().proxy;
    const certificate = new X509Certificate(outboundCertificate!);
    expect(certificate.ca).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(outboundKey!))).toBe(true);
  });

  it('lets other hosts be called only where somebody names them', () => {
    expect(configOf().proxy.outboundOtherHosts).toBeUndefined();
    const { outboundOtherHosts } = configOf({
      PROXY_OUTBOUND_OTHER_HOSTS: 'push.example,login.example',
    }).proxy;
    expect(outboundOtherHosts).toEqual(['push.example', 'login.example']);
  });

  it('asks and tells the services of the federation that somebody names', () => {
    const { proxy, nats } = configOf({
      PROXY_INVITES: 'contacts',
      PROXY_DIRECTORY_URL: 'https://registration.example/backend/vzd/invite',
      PROXY_REGISTRATION_URL: 'https://registration.example',
      PROXY_RAW_DATA_URL: 'https://reports.example/add-performance-data',
      VVT_TELEMATIK_ID: '9-vvt',
      VVT_PROFESSION_OID: '1.2.276.0.76.4.51',
    });
    expect(proxy).toMatchObject({
      directoryUrl: 'https://registration.example/backend/vzd/invite',
      registrationUrl: 'https://registration.example',
      rawDataUrl: 'https://reports.example/add-performance-data',
      rawDataInstanceId: 'vvt-messenger-proxy',
      rawDataTelematikId: '9-vvt',
      rawDataProfessionOid: '1.2.276.0.76.4.51',
    });
    expect(nats.url).toBe('nats://bridge:a-password@vvt-nats:4222');
    expect(configOf().proxy.rawDataUrl).toBeUndefined();
  });

  it('needs an administrator’s token with the profile tim, or another rule for invites', () => {
    expect(() => configOf({ PROXY_PROFILE: 'tim' })).toThrow('proxy_admin_token is missing');
    const adminToken = 'syt_of_an_administrator';
    expect(configOf({ PROXY_PROFILE: 'tim' }, { adminToken }).proxy).toMatchObject({
      profile: 'tim',
      adminToken,
      orphanedRoomMs: undefined,
    });
    expect(configOf({ PROXY_PROFILE: 'tim', PROXY_INVITES: 'contacts' }).proxy).toMatchObject({
      invites: 'contacts',
      orphanedRoomMs: 0,
    });
  });
});

describe('a homeserver behind its messenger proxy', () => {
  const homeserverOf = (name: 'vvt' | 'apotheek') => {
    const plan = planOf();
    return parse(homeserverConfig(plan[name], plan.federation)) as Record<string, unknown>;
  };

  it('calls others through it alone, and trusts its certificates and no others', () => {
    expect(homeserverOf('vvt')).toMatchObject({
      https_proxy: 'http://vvt-messenger-proxy:8093',
      no_proxy_hosts: [],
      federation_custom_ca_list: ['/config/outbound.crt'],
      federation_verify_certificates: true,
    });
  });

  it('is one of those that want it: the others stay as they are', () => {
    expect(homeserverOf('apotheek')).not.toHaveProperty('https_proxy');
    expect(homeserverOf('apotheek').federation_custom_ca_list).toEqual(['/trust/ca.crt']);
  });
});

describe('the reverse proxy', () => {
  const server = (settings?: Settings): string => {
    const { vvt, federation } = planOf(settings);
    return proxyServer(vvt, federation);
  };

  it('of nginx hands everything of Matrix to the messenger proxy, but whom to write to', () => {
    expect(server()).toContain('set $homeserver vvt-messenger-proxy:8090;');
    expect(server()).not.toContain('vvt-synapse');
    expect(server()).toMatch(
      /location = \/\.well-known\/matrix\/server \{\n\s+proxy_pass http:\/\/\$homeserver;/,
    );
    expect(server()).toContain('alias /well-known/vvt/support;');
    expect(server()).not.toContain('alias /well-known/vvt/server;');
    expect(server({ VVT_MESSENGER_PROXY: '' })).toContain('set $homeserver vvt-synapse:8008;');
  });

  it('shows the interfaces of gematik with the profile tim, and nothing of health and metrics', () => {
    expect(server()).not.toContain('/tim-');
    const tim = server({ PROXY_PROFILE: 'tim' });
    expect(tim).toMatch(/set \$contacts vvt-messenger-proxy:8070;\n\s+location \^~ \/tim-contact-mgmt\/ \{/);
    expect(tim).toMatch(
      /set \$information vvt-messenger-proxy:7777;\n\s+location \^~ \/tim-information\/ \{/,
    );
    expect(tim).not.toContain('1233');
  });

  it('leaves the pages for administrators at the homeserver itself', () => {
    const { vvt, federation } = planOf();
    const admin = renderOrganisation(vvt, federation, organisationSecrets()).find(
      ({ path }) => path === 'admin/servers/vvt.conf',
    );
    expect(admin?.content).toContain('set $homeserver vvt-synapse:8008;');
  });

  it('of Traefik does the same', () => {
    const routesOf = (settings?: Settings) => {
      const { vvt, federation } = planOf(settings);
      return parse(traefikRoutes(vvt, federation)) as {
        http: {
          routers: Record<string, { rule: string; service: string }>;
          services: Record<string, { loadBalancer: { servers: { url: string }[] } }>;
        };
      };
    };
    const { routers, services } = routesOf({ PROXY_PROFILE: 'tim' }).http;
    expect(services.vvt?.loadBalancer.servers).toEqual([{ url: 'http://vvt-messenger-proxy:8090' }]);
    expect(routers['vvt-homeserver']?.rule).toContain('Path(`/.well-known/matrix/server`)');
    expect(routers['vvt-well-known']?.rule).toMatch(/&& Path\(`\/\.well-known\/matrix\/support`\)$/);
    expect(Object.keys(routers)).toEqual(expect.arrayContaining(['vvt-contacts', 'vvt-information']));
    for (const { service } of Object.values(routers)) expect(services).toHaveProperty([service]);
    const without = routesOf({ VVT_MESSENGER_PROXY: '' }).http;
    expect(without.services.vvt?.loadBalancer.servers).toEqual([{ url: 'http://vvt-synapse:8008' }]);
    expect(without.routers['vvt-well-known']?.rule).toContain('PathPrefix(`/.well-known/matrix/`)');
  });
});
