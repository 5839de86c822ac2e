import { type Settings, SettingsError, readSettings } from './settings';

const vvt = { VVT_SERVER_NAME: 'vvt', VVT_TITLE: 'VVT De Linde', VVT_SUBNET: '172.30.3.0/24' };

function mistakesOf(settings: Settings): readonly string[] {
  try {
    readSettings(settings);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('the settings', () => {
  it('make an organisation of each server name', () => {
    const { federation } = readSettings({
      ...vvt,
      APOTHEEK_SERVER_NAME: 'apotheek.example',
      APOTHEEK_SUBNET: '172.30.1.0/24',
      HUISARTS_SERVER_NAME: '',
    });
    expect(
      federation.organisations.map(({ name, serverName, title, publicUrl, federationAddress }) => [
        name,
        serverName,
        title,
        publicUrl,
        federationAddress,
      ]),
    ).toEqual([
      [
        'apotheek',
        'apotheek.example',
        'apotheek.example',
        'https://apotheek.example:8448',
        'apotheek.example:8448',
      ],
      ['vvt', 'vvt', 'VVT De Linde', 'https://vvt:8448', 'vvt:8448'],
    ]);
  });

  it('name partners elsewhere, and the networks in which they may be', () => {
    const { federation } = readSettings({
      ...vvt,
      PEERS: 'huisarts.example, apotheek.example',
      PEER_NETWORKS: '10.1.0.0/16',
    });
    expect(federation.peers).toEqual(['huisarts.example', 'apotheek.example']);
    expect(federation.organisations[0]?.privateNetworks).toEqual(['172.30.3.0/24', '10.1.0.0/16']);
  });

  it('leave the port out of addresses for clients where it is the usual one', () => {
    const [organisation] = readSettings({ ...vvt, FEDERATION_PORT: '443' }).federation.organisations;
    expect(organisation?.publicUrl).toBe('https://vvt');
    expect(organisation?.federationAddress).toBe('vvt:443');
  });

  it('give the files to the user that the containers run as', () => {
    expect(readSettings({ ...vvt, RUN_AS: '10001:10002' }).owner).toEqual({ uid: 10001, gid: 10002 });
  });

  it('put a messenger proxy before the homeservers that want one', () => {
    const settings = { ...vvt, VVT_MESSENGER_PROXY: 'true', HUISARTS_SERVER_NAME: 'huisarts' };
    const { organisations } = readSettings({ ...settings, HUISARTS_SUBNET: '172.30.2.0/24' }).federation;
    expect(organisations.map(({ name, messengerProxy }) => [name, messengerProxy])).toEqual([
      ['huisarts', false],
      ['vvt', true],
    ]);
  });

  it('are told all their mistakes at once', () => {
    const mistakes = mistakesOf({
      VVT_SERVER_NAME: 'https://vvt',
      VVT_TITLE: 'VVT "De\nLinde"',
      VVT_SUBNET: '172.0.0.0/4',
      FEDERATION_PORT: '70000',
      PEERS: 'Huisarts.example',
      PEER_NETWORKS: 'everything',
      SUPPORT_EMAIL: 'nobody',
      TURN_HOST: 'turn:3478',
      TURN_EXTERNAL_ADDRESS: 'here',
      MAUTRIX: 'apotheek',
      VVT_MESSENGER_PROXY: 'on',
      PROXY_PROFILE: 'gematik',
      PROXY_INVITES: 'all',
      PROXY_LIST: 'http://lists.example/list.jws',
      PROXY_DIRECTORY_URL: 'registration.example',
      PROXY_REGISTRATION_URL: 'http://registration.example',
      PROXY_RAW_DATA_URL: 'http://reports.example',
      PROXY_OUTBOUND_OTHER_HOSTS: 'https://push.example',
      RUN_AS: '991:991',
    });
    const variables = mistakes.map((mistake) => mistake.split(' ')[0]).sort();
    expect(variables).toEqual([
      'FEDERATION_PORT',
      'MAUTRIX',
      'PEERS',
      'PEER_NETWORKS',
      'PROXY_DIRECTORY_URL',
      'PROXY_INVITES',
      'PROXY_LIST',
      'PROXY_OUTBOUND_OTHER_HOSTS',
      'PROXY_PROFILE',
      'PROXY_RAW_DATA_URL',
      'PROXY_REGISTRATION_URL',
      'RUN_AS',
      'SUPPORT_EMAIL',
      'TURN_EXTERNAL_ADDRESS',
      'TURN_HOST',
      'VVT_MESSENGER_PROXY',
      'VVT_SERVER_NAME',
      'VVT_SUBNET',
      'VVT_TITLE',
    ]);
    for (const mistake of mistakes) expect(mistake).toContain('expected: ');
  });

  it('need to know of whom calls are reported, where they are', () => {
    const reported = { ...vvt, PROXY_RAW_DATA_URL: 'https://reports.example' };
    expect(mistakesOf({ ...reported, VVT_MESSENGER_PROXY: 'true' })).toEqual([
      expect.stringMatching(/^VVT_TELEMATIK_ID .*PROXY_RAW_DATA_URL/),
      expect.stringMatching(/^VVT_PROFESSION_OID .*PROXY_RAW_DATA_URL/),
    ]);
    expect(readSettings(reported).federation.organisations[0]).not.toHaveProperty('telematikId');
  });

  it('refuse a directory that would never be asked', () => {
    const directory = { ...vvt, PROXY_DIRECTORY_URL: 'https://registration.example/backend/vzd/invite' };
    expect(mistakesOf(directory)).toEqual([expect.stringMatching(/^PROXY_DIRECTORY_URL .*PROXY_INVITES/)]);
    expect(
      readSettings({ ...directory, PROXY_INVITES: 'contacts' }).federation.messengerProxies,
    ).toMatchObject({
      directoryUrl: directory.PROXY_DIRECTORY_URL,
    });
  });

  it('need an organisation', () => {
    expect(mistakesOf({})).toEqual([expect.stringContaining('at least one <NAME>_SERVER_NAME')]);
  });

  it('give a server name to one organisation only', () => {
    expect(mistakesOf({ ...vvt, PEERS: 'vvt' })).toEqual([expect.stringContaining('"vvt" is given twice')]);
  });
});
