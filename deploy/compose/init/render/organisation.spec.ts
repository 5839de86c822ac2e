import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@bridge/platform';
import { parse } from 'yaml';
import { organisationSecrets, sharedSecrets } from '../secrets';
import { readSettings } from '../settings';
import { renderFederation, renderOrganisation } from './organisation';

const { federation } = readSettings({
  APOTHEEK_SERVER_NAME: 'apotheek',
  APOTHEEK_SUBNET: '172.30.1.0/24',
  VVT_SERVER_NAME: 'vvt.example',
  VVT_TITLE: 'VVT De Linde',
  VVT_SUBNET: '172.30.3.0/24',
  SUPPORT_EMAIL: 'beheer@vvt.example',
  MAUTRIX: 'vvt',
});
/** Of all processes. */
const sections = [
  'organisation',
  'nats',
  'postgres',
  'encryption',
  'matrix',
  'homeserver',
  'appservice',
  'rooms',
  'fhir',
  'subscriptions',
  'notifications',
  'audit',
  'bot',
  'clinical',
] as const;
const vvt = federation.organisations.find(({ name }) => name === 'vvt')!;
const secrets = organisationSecrets();
const shared = sharedSecrets();
const files = [...renderOrganisation(vvt, federation, secrets), ...renderFederation(federation, shared)];

function contentOf(path: string): string {
  const file = files.find((each) => each.path === path);
  if (!file) throw new Error(`no ${path}`);
  return file.content;
}

describe('the files of an organisation', () => {
  it('hold secrets only where nobody else reads them', () => {
    const values = [...Object.values(secrets), ...Object.values(shared)].map((value) => value.trim());
    for (const { path, content, secret } of files) {
      if (secret) continue;
      expect({ path, holds: values.filter((value) => content.includes(value)) }).toEqual({ path, holds: [] });
    }
  });

  it('are at one place each', () => {
    const paths = files.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('differ in all secrets between organisations', () => {
    const other = organisationSecrets();
    const values = [...Object.values(secrets), ...Object.values(other)];
    expect(new Set(values).size).toBe(values.length);
  });

  it('have a signing key in the form of Synapse, from 32 random bytes', () => {
    const [, id, seed = ''] =
      /^ed25519 (a_[0-9a-f]{4}) ([A-Za-z0-9+/]{43})\n$/.exec(secrets['signing.key']) ?? [];
    expect(id).toBeDefined();
    expect(Buffer.from(seed, 'base64')).toHaveLength(32);
  });

  it('configure all processes of the bridge without a mistake', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-compose-'));
    try {
      const at = (name: string): string => join(folder, name);
      for (const { path, content } of files.filter(({ path: each }) => each.startsWith('vvt/secrets/'))) {
        writeFileSync(at(path.slice('vvt/secrets/'.length)), content);
      }
      const config = loadConfig(sections, {
        BRIDGE_CONFIG: at('bridge.yaml'),
        DATABASE_URL_FILE: at('database_url'),
        DATABASE_ENCRYPTION_KEY_FILE: at('database_encryption_key'),
        MATRIX_AS_TOKEN_FILE: at('as_token'),
        MATRIX_HS_TOKEN_FILE: at('hs_token'),
        FHIR_NOTIFICATION_SECRETS_FILE: at('notification_secrets'),
        FHIR_SUBSCRIPTION_HEADER_FILE: at('subscription_header'),
      });
      expect(config.matrix.serverName).toBe('vvt.example');
      expect(config.subscriptions).toMatchObject({
        mode: 'managed',
        endpoint: 'http://vvt-fhir-ingress:8080/notify/ehr',
        header: `Authorization: Bearer ${config.notifications.secrets?.ehr}`,
      });
      expect(config.homeserver.asToken).toBe(secrets.as_token);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('register the bridge with its tokens, for its own users and aliases on this server', () => {
    expect(parse(contentOf('vvt/registrations/fhir-matrix-bridge.yaml'))).toMatchObject({
      url: 'http://vvt-as-ingress:8080',
      as_token: secrets.as_token,
      hs_token: secrets.hs_token,
      namespaces: {
        users: [{ exclusive: true, regex: '^@_fhir_bridge_[a-z0-9_]+:vvt\\.example$' }],
        rooms: [],
      },
    });
  });

  it('give a second bridge users, tokens and a database of its own', () => {
    const registration = parse(contentOf('vvt/registrations/mautrix-signal.yaml')) as {
      as_token: string;
      namespaces: { users: { exclusive: boolean; regex: string }[] };
    };
    const config = parse(contentOf('vvt/secrets/mautrix.yaml')) as {
      appservice: { as_token: string };
      bridge: { permissions: Record<string, string> };
      database: { uri: string };
    };
    expect(registration.as_token).toBe(config.appservice.as_token);
    expect(registration.as_token).not.toBe(secrets.as_token);
    expect(config.bridge.permissions).toEqual({
      '*': 'relay',
      'vvt.example': 'user',
      '@admin:vvt.example': 'admin',
    });
    // Who relays others' messages is for the administrator to say.
    expect(config.bridge).toMatchObject({ relay: { enabled: true, admin_only: true } });
    expect(config.database.uri).toContain('@vvt-mautrix-db:5432/mautrix');
    const matches = (user: string): boolean =>
      registration.namespaces.users.some(({ regex }) => new RegExp(regex).test(user));
    expect(matches('@signal_1234:vvt.example')).toBe(true);
    expect(matches('@_fhir_bridge_bot:vvt.example')).toBe(false);
    expect(matches('@signal_1234:vvt-example')).toBe(false);
  });

  it('tell who asks where the homeserver is, and whom to write to', () => {
    const wellKnown = (name: string) => JSON.parse(contentOf(`well-known/vvt/${name}`)) as unknown;
    expect(wellKnown('server')).toEqual({ 'm.server': 'vvt.example:8448' });
    expect(wellKnown('client')).toEqual({ 'm.homeserver': { base_url: 'https://vvt.example:8448' } });
    expect(wellKnown('support')).toEqual({
      contacts: [
        { matrix_id: '@admin:vvt.example', role: 'm.role.admin', email_address: 'beheer@vvt.example' },
      ],
    });
  });

  it('have NATS write each message to disk before it confirms it, for who knows the password', () => {
    const config = contentOf('vvt/secrets/nats.conf');
    expect(config).toMatch(/^ {2}sync_interval: always$/m);
    expect(config).toContain(secrets.nats_password);
    const { nats } = parse(contentOf('vvt/secrets/bridge.yaml')) as { nats: { url: string } };
    const [, user = ''] = /^ {2}user: (\S+)$/m.exec(config) ?? [];
    expect(nats.url).toBe(`nats://${user}:${secrets.nats_password}@vvt-nats:4222`);
  });
});

describe('the proxy', () => {
  const server = contentOf('proxy/servers/vvt.conf');
  const main = contentOf('proxy/nginx.conf');

  it('speaks TLS 1.2 and 1.3, and refuses names that are not here', () => {
    expect(main).toContain('ssl_protocols TLSv1.2 TLSv1.3;');
    expect(main).toContain('ssl_reject_handshake on;');
    expect(main).toContain('ssl_session_tickets off;');
    const [, ciphers = ''] = /ssl_ciphers (\S+);/.exec(main) ?? [];
    for (const cipher of ciphers.split(':'))
      expect(cipher).toMatch(/^ECDHE-ECDSA-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305)$/);
    expect(server).toContain('server_name vvt.example;');
    expect(server).toContain('listen 8448 ssl;');
    // Of the server, and of each location that has a header of its own.
    expect(server.match(/Strict-Transport-Security/g)).toHaveLength(4);
  });

  it('passes on paths as they came, and bodies of 50 MB', () => {
    for (const [, target] of server.matchAll(/proxy_pass ([^;]+);/g))
      expect(target).toBe('http://$homeserver');
    expect(server).toContain('client_max_body_size 50m;');
    expect(main).toContain('resolver 127.0.0.11');
  });

  it('tells the homeserver who calls, of which nobody can say anything themselves', () => {
    for (const header of ['Host $host', 'X-Forwarded-For $remote_addr', 'X-Forwarded-Proto $scheme'])
      expect(server).toContain(`proxy_set_header ${header};`);
  });

  it('takes bodies as they come, and waits for long polls', () => {
    expect(server).toContain('proxy_request_buffering off;');
    const [, seconds = ''] = /proxy_read_timeout (\d+)s;/.exec(server) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(120);
  });

  it('keeps the admin API inside, and queries out of its log', () => {
    expect(server).not.toContain('location ^~ /_synapse/ ');
    expect(server).not.toContain('/_synapse/admin/');
    expect(main).not.toMatch(/\$request[ "']|\$args|\$query_string/);
  });

  it('gives out the well-known files to any page, as JSON and under one type only', () => {
    expect(server.match(/default_type application\/json;/g)).toHaveLength(3);
    expect(server.match(/Access-Control-Allow-Origin "\*"/g)).toHaveLength(3);
    expect(server).not.toMatch(/add_header content-type/i);
  });
});

describe('the pages for administrators', () => {
  it('answer at this machine under its own names only', () => {
    const admin = contentOf('admin/servers/vvt.conf');
    expect(admin).toContain('return 421;');
    expect(admin).toContain('server_name 127.0.0.1 localhost;');
  });
});

describe('the TURN server', () => {
  it('leads to no private network', () => {
    const config = contentOf('shared/secrets/turnserver.conf');
    for (const network of ['10.0.0.0-', '127.0.0.0-', '172.16.0.0-172.31.', '192.168.0.0-', '169.254.0.0-']) {
      expect(config).toContain(`denied-peer-ip=${network}`);
    }
    expect(config).toContain('use-auth-secret');
  });
});
