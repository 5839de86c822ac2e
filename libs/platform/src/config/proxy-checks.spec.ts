import { generateKeyPairSync } from 'node:crypto';
import { ConfigError } from './config-error';
import { loadConfig } from './load-config';

const listKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const whole = {
  PROXY_HOMESERVER_URL: 'http://127.0.0.1:8008',
  PROXY_LIST: '/etc/federation.jws',
  PROXY_LIST_KEY: listKey,
};
const adminToken = 'a-token-of-an-administrator';

function load(env: NodeJS.ProcessEnv) {
  return loadConfig(['proxy'], { ...whole, ...env }).proxy;
}

function mistakenSettings(env: NodeJS.ProcessEnv): string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map(({ setting }) => setting);
    throw error;
  }
  return [];
}

it('needs no more than a homeserver, a list and whom to believe it', () => {
  expect(load({})).toMatchObject({ profile: 'closed-federation', orphanedRoomMs: undefined });
});

describe('the token of an administrator', () => {
  const name = 'PROXY_ADMIN_TOKEN (proxy.adminToken)';

  it.each([
    [{ PROXY_PROFILE: 'tim', PROXY_INVITES: 'contacts' }],
    [{ PROXY_ORPHANED_ROOM_MS: '86400000' }],
    [{ PROXY_INVITES: 'permissions' }],
  ])('is missing with %j', (env) => {
    expect(mistakenSettings(env)).toEqual([name]);
    expect(mistakenSettings({ ...env, PROXY_ADMIN_TOKEN: adminToken })).toEqual([]);
  });

  it('is not needed where no room is removed and no permission is read', () => {
    const env = { PROXY_PROFILE: 'tim', PROXY_INVITES: 'contacts', PROXY_ORPHANED_ROOM_MS: '0' };
    expect(mistakenSettings(env)).toEqual([]);
  });
});

describe('the directory', () => {
  const PROXY_DIRECTORY_URL = 'https://registration.example/backend/vzd/invite';

  it('is of use where not everybody of the list may invite', () => {
    expect(mistakenSettings({ PROXY_DIRECTORY_URL })).toEqual(['PROXY_DIRECTORY_URL (proxy.directoryUrl)']);
    expect(mistakenSettings({ PROXY_DIRECTORY_URL, PROXY_INVITES: 'contacts' })).toEqual([]);
  });

  it.each(['PROXY_DIRECTORY_URL', 'PROXY_REGISTRATION_URL'])('%s is asked by TLS', (name) => {
    const env = { PROXY_INVITES: 'contacts', [name]: 'http://registration.example/x' };
    expect(mistakenSettings(env)).toEqual([expect.stringContaining(name)]);
    expect(mistakenSettings({ PROXY_INVITES: 'contacts', [name]: 'http://127.0.0.1:8080/x/' })).toEqual([]);
  });
});

it('reports of calls name the organisation that they are of', () => {
  const PROXY_RAW_DATA_URL = 'http://rawdata:9020/add-performance-data';
  expect(mistakenSettings({ PROXY_RAW_DATA_URL })).toEqual([
    'PROXY_RAW_DATA_INSTANCE_ID (proxy.rawDataInstanceId)',
    'PROXY_RAW_DATA_PROFESSION_OID (proxy.rawDataProfessionOid)',
    'PROXY_RAW_DATA_TELEMATIK_ID (proxy.rawDataTelematikId)',
  ]);
  const proxy = load({
    PROXY_RAW_DATA_URL,
    PROXY_RAW_DATA_INSTANCE_ID: 'proxy-1',
    PROXY_RAW_DATA_PROFESSION_OID: '1.2.276.0.76.4.50',
    PROXY_RAW_DATA_TELEMATIK_ID: '1-2-ORG-3',
  });
  expect(proxy).toMatchObject({ rawDataMaxBytes: 67_108_864, rawDataMaxAgeMs: 604_800_000 });
});

it.each([
  ['PROXY_SUPPORT_EMAIL', 'nobody'],
  ['PROXY_SUPPORT_PAGE', 'help.example'],
  ['PROXY_ORPHANED_ROOM_MS', '-1'],
])('refuses %s=%s', (name, value) => {
  expect(mistakenSettings({ [name]: value })).toEqual([expect.stringContaining(name)]);
});
