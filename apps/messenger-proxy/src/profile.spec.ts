import { generateKeyPairSync } from 'node:crypto';
import { loadConfig } from '@bridge/platform';
import { profileOf } from './profile';

const DAY_MS = 24 * 3_600_000;
const listKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();

const profile = (env: NodeJS.ProcessEnv) =>
  profileOf(
    loadConfig(['proxy'], {
      PROXY_HOMESERVER_URL: 'http://127.0.0.1:8008',
      PROXY_LIST: '/etc/federation.jws',
      PROXY_LIST_KEY: listKey,
      PROXY_ADMIN_TOKEN: 'a-token-of-an-administrator',
      ...env,
    }).proxy,
  );

describe('weakness 14: orphaned rooms', () => {
  it('are removed after 14 days with the profile tim, and not at all with the other', () => {
    expect(profile({ PROXY_PROFILE: 'tim' }).orphanedRoomMs).toBe(14 * DAY_MS);
    expect(profile({}).orphanedRoomMs).toBeUndefined();
  });

  it('are removed when the setting says, and never where it says 0', () => {
    expect(profile({ PROXY_ORPHANED_ROOM_MS: '86400000' }).orphanedRoomMs).toBe(DAY_MS);
    expect(profile({ PROXY_PROFILE: 'tim', PROXY_ORPHANED_ROOM_MS: '0' }).orphanedRoomMs).toBeUndefined();
  });
});

it('every setting of a profile can be changed by itself', () => {
  const tim = profile({ PROXY_PROFILE: 'tim' });
  expect([tim.invites, tim.otherClientCalls, tim.contactsPort, tim.informationPort]).toEqual([
    'permissions',
    'refuse',
    8070,
    7777,
  ]);
  const changed = profile({
    PROXY_PROFILE: 'tim',
    PROXY_INVITES: 'contacts',
    PROXY_OTHER_CLIENT_CALLS: 'forward',
    PROXY_CONTACTS_PORT: '9000',
    PROXY_VERSION_CEILING: 'v1.9',
  });
  expect([changed.invites, changed.otherClientCalls, changed.contactsPort]).toEqual([
    'contacts',
    'forward',
    9000,
  ]);
  expect(changed.clientRules).toMatchObject({ versionCeiling: 'v1.9', strictMessages: true });
});
