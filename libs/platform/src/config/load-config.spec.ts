import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigMistake } from './config-error';
import { loadConfig } from './load-config';
import { configSections, type ConfigSection } from './settings';

const TOKEN = 'a-token-of-at-least-thirty-two-characters';
const SECRET = 'a-secret-of-sixteen-or-more';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bridge-config-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function mistakesOf(sections: readonly ConfigSection[], env: NodeJS.ProcessEnv): readonly ConfigMistake[] {
  try {
    loadConfig(sections, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('uses the defaults where nothing is set, an empty variable included', () => {
    const config = loadConfig(['http', 'nats', 'rooms', 'log'], { HTTP_PORT: '', LOG_LEVEL: undefined });
    expect(config.http).toEqual({ host: '0.0.0.0', port: 8080, bodyLimitBytes: 10_485_760 });
    expect(config.nats.partitions).toBe(32);
    expect(config.rooms.nameFromTopic).toBe(false);
    expect(config.rooms.leadRoles).toEqual([{ system: 'http://snomed.info/sct', code: '768820003' }]);
  });

  it('takes the environment before the YAML file and the file before the default', () => {
    const BRIDGE_CONFIG = file(
      'bridge.yaml',
      'http:\n  port: 1111\n  host: 127.0.0.1\nnats:\n  replicas: 3\n',
    );
    const config = loadConfig(['http', 'nats'], { BRIDGE_CONFIG, HTTP_PORT: '2222' });
    expect(config.http).toMatchObject({ port: 2222, host: '127.0.0.1', bodyLimitBytes: 10_485_760 });
    expect(config.nats.replicas).toBe(3);
  });

  it('returns only the sections asked for and does not mind what others lack', () => {
    expect(Object.keys(loadConfig(['http'], {}))).toEqual(['http']);
    expect(Object.keys(mistakesOf(['postgres'], {}))).toHaveLength(1);
  });

  it('freezes all it returns', () => {
    const config = loadConfig(['rooms', 'notifications'], { FHIR_NOTIFICATION_SECRETS: `ehr=${SECRET}` });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.rooms.leadRoles[0])).toBe(true);
    expect(() => Object.assign(config.notifications.secrets!, { lab: 'x' })).toThrow(TypeError);
  });

  it('reads a secret from the file that its _FILE variable names, without the line break at its end', () => {
    const MATRIX_HS_TOKEN_FILE = file('hs-token', `${TOKEN}\n`);
    expect(loadConfig(['appservice'], { MATRIX_HS_TOKEN_FILE }).appservice.hsToken).toBe(TOKEN);
  });

  it('reads the URL of NATS, which may hold a password, from a file, and never shows it', () => {
    const url = 'nats://bridge:letmein@127.0.0.1:4222';
    expect(loadConfig(['nats'], { NATS_URL_FILE: file('nats-url', `${url}\n`) }).nats.url).toBe(url);
    expect(loadConfig(['nats'], {}).nats.url).toBe('nats://127.0.0.1:4222');
    const [mistake] = mistakesOf(['nats'], { NATS_URL_FILE: file('wrong', 'http://bridge:letmein@nats') });
    expect(mistake).toEqual({
      setting: 'NATS_URL (nats.url)',
      problem: 'has a value of the wrong form',
      mend: 'expected: one or more nats:// or tls:// URLs, separated by commas',
    });
  });

  it('refuses a secret given twice, and one whose file cannot be read', () => {
    const MATRIX_HS_TOKEN_FILE = file('hs-token', TOKEN);
    expect(mistakesOf(['appservice'], { MATRIX_HS_TOKEN: TOKEN, MATRIX_HS_TOKEN_FILE })).toEqual([
      expect.objectContaining({ problem: 'is set, and MATRIX_HS_TOKEN_FILE too' }),
    ]);
    const [absent] = mistakesOf(['appservice'], { MATRIX_HS_TOKEN_FILE: join(folder, 'absent') });
    expect(absent?.problem).toContain('cannot be read (ENOENT)');
  });

  it('does not read a _FILE variable for a setting that is no secret', () => {
    expect(loadConfig(['http'], { HTTP_PORT_FILE: join(folder, 'absent') }).http.port).toBe(8080);
  });

  it('reads the notification sources from pairs and from a YAML map alike', () => {
    const pairs = `ehr=${SECRET}=,lab=${SECRET}2`;
    const BRIDGE_CONFIG = file(
      'bridge.yaml',
      `notifications:\n  secrets:\n    ehr: ${SECRET}=\n    lab: ${SECRET}2\n`,
    );
    const expected = { ehr: `${SECRET}=`, lab: `${SECRET}2` };
    for (const env of [{ FHIR_NOTIFICATION_SECRETS: pairs }, { BRIDGE_CONFIG }]) {
      const { secrets } = loadConfig(['notifications'], env).notifications;
      expect({ ...secrets }).toEqual(expected);
      // A source id comes from a URL path: what every object inherits is no source.
      expect(secrets?.['constructor']).toBeUndefined();
    }
  });

  it.each([
    ['a source twice', `ehr=${SECRET},ehr=${SECRET}`],
    ['a source without a secret', `ehr`],
    ['a short secret', 'ehr=short'],
    ['a source id that does not fit in a path', `e/hr=${SECRET}`],
  ])('refuses %s among the notification sources, without showing it', (_, FHIR_NOTIFICATION_SECRETS) => {
    const [mistake] = mistakesOf(['notifications'], { FHIR_NOTIFICATION_SECRETS });
    expect(mistake?.problem).toBe('has a value of the wrong form');
    expect(JSON.stringify(mistake)).not.toContain(SECRET);
  });

  it.each([
    ['http', 'HTTP_PORT', '12abc'],
    ['http', 'HTTP_PORT', '65536'],
    ['http', 'HTTP_PORT', '80.5'],
    ['http', 'HTTP_PORT', '1e3'],
    ['nats', 'NATS_REPLICAS', '2'],
    ['nats', 'NATS_ACK_WAIT_MS', '999'],
    ['nats', 'NATS_DURABILITY', 'maybe'],
    ['rooms', 'MATRIX_ROOM_NAME_FROM_TOPIC', 'yes'],
    ['rooms', 'MATRIX_ROOM_HISTORY_VISIBILITY', 'world_readable'],
    ['rooms', 'MATRIX_LEAD_ROLES', '768820003'],
    ['log', 'LOG_LEVEL', 'loud'],
  ] as const)('refuses in %s: %s=%s', (section, name, value) => {
    const [mistake, ...others] = mistakesOf([section], { [name]: value });
    expect(others).toEqual([]);
    expect(mistake?.setting).toContain(name);
    expect(mistake?.problem).toBe(`"${value}" is not allowed`);
  });

  it.each(['https://care.example', 'care.example/', '@bot:care.example', 'care example'])(
    'refuses %s as a server name',
    (MATRIX_SERVER_NAME) => {
      expect(mistakesOf(['matrix'], { MATRIX_SERVER_NAME })).toHaveLength(1);
    },
  );

  it.each(['care.example', 'care.example:8448', 'localhost:8008', '[2001:db8::1]:8448'])(
    'accepts %s as a server name',
    (MATRIX_SERVER_NAME) => {
      expect(loadConfig(['matrix'], { MATRIX_SERVER_NAME }).matrix.serverName).toBe(MATRIX_SERVER_NAME);
    },
  );

  it('takes the slash off the end of a base URL', () => {
    expect(loadConfig(['fhir'], { FHIR_BASE_URL: 'http://127.0.0.1:8103/fhir/R4/' }).fhir.baseUrl).toBe(
      'http://127.0.0.1:8103/fhir/R4',
    );
  });

  it('refuses a bot outside of the ghost namespace', () => {
    const [mistake] = mistakesOf(['matrix'], {
      MATRIX_SERVER_NAME: 'care.example',
      MATRIX_BOT_LOCALPART: 'bot',
    });
    expect(mistake?.problem).toContain('does not start with the ghost prefix');
  });

  it('refuses own Subscriptions that would notify nobody', () => {
    const managed = { FHIR_SUBSCRIPTIONS: 'managed' };
    const [mistake] = mistakesOf(['subscriptions'], managed);
    expect(mistake?.setting).toContain('FHIR_SUBSCRIPTION_ENDPOINT');
    const endpoint = { FHIR_SUBSCRIPTION_ENDPOINT: 'https://bridge.example/notify/ehr/' };
    expect(loadConfig(['subscriptions'], { ...managed, ...endpoint }).subscriptions.endpoint).toBe(
      'https://bridge.example/notify/ehr',
    );
    expect(mistakesOf(['subscriptions'], { FHIR_SUBSCRIPTIONS: 'removed' })).toEqual([]);
  });

  it('reads the topics of types, whose URLs may hold equals signs', () => {
    const FHIR_SUBSCRIPTION_TOPICS = 'CareTeam=https://fhir.example/topic?a=b, Task=urn:topic';
    expect({ ...loadConfig(['subscriptions'], { FHIR_SUBSCRIPTION_TOPICS }).subscriptions.topics }).toEqual({
      CareTeam: 'https://fhir.example/topic?a=b',
      Task: 'urn:topic',
    });
    expect(
      mistakesOf(['subscriptions'], { FHIR_SUBSCRIPTION_TOPICS: 'https://fhir.example/topic' }),
    ).toHaveLength(1);
  });

  it('lists every mistake of every kind at once and shows no secret', () => {
    const leaked = 'too-short-but-secret';
    const BRIDGE_CONFIG = file(
      'bridge.yaml',
      [
        'htp:',
        '  port: 1',
        'http:',
        '  prot: 1',
        '  host: [1]',
        'log: loud',
        'homeserver:',
        `  asToken: ${leaked}`,
        'nats:',
        '  replicas: 4',
      ].join('\n'),
    );
    const env = {
      BRIDGE_CONFIG,
      HTTP_PORT: 'none',
      NATS_URL: 'http://admin:letmein@nats.example',
      DATABASE_URL: 'mysql://bridge:letmein@db.example/bridge',
      MATRIX_HS_TOKEN: TOKEN,
      MATRIX_HS_TOKEN_FILE: join(folder, 'absent'),
      MATRIX_SERVER_NAME: 'care.example',
      MATRIX_BOT_LOCALPART: 'bot',
      FHIR_NOTIFICATION_SECRETS_FILE: join(folder, 'absent'),
    };
    const mistakes = mistakesOf(configSections, env);
    expect(mistakes.map(({ setting }) => setting)).toEqual([
      'htp',
      'http.prot',
      'log',
      'ORGANISATION_NAME (organisation.name)',
      'HTTP_HOST (http.host)',
      'HTTP_PORT (http.port)',
      'NATS_URL (nats.url)',
      'NATS_REPLICAS (nats.replicas)',
      'DATABASE_URL (postgres.url)',
      'MATRIX_HOMESERVER_URL (homeserver.url)',
      'MATRIX_AS_TOKEN (homeserver.asToken)',
      'MATRIX_HS_TOKEN (appservice.hsToken)',
      'FHIR_BASE_URL (fhir.baseUrl)',
      'FHIR_NOTIFICATION_SECRETS (notifications.secrets)',
      'PROXY_HOMESERVER_URL (proxy.homeserverUrl)',
      'PROXY_LIST (proxy.list)',
      'DATABASE_ENCRYPTION_KEY (encryption.key)',
      'MATRIX_BOT_LOCALPART (matrix.botLocalpart)',
    ]);
    expect(mistakes[0]?.mend).toBe('did you mean http?');
    expect(mistakes[1]?.mend).toBe('did you mean port?');
    const printed = new ConfigError(mistakes).message;
    expect(printed).toContain('18 mistakes');
    for (const secret of [leaked, TOKEN, 'letmein', 'admin']) expect(printed).not.toContain(secret);
  });

  it('says where a YAML file is broken, without quoting it', () => {
    const BRIDGE_CONFIG = file('bridge.yaml', `appservice:\n  hsToken: "${SECRET}\nhttp: [`);
    const [mistake] = mistakesOf(['http'], { BRIDGE_CONFIG });
    expect(mistake?.problem).toMatch(/cannot be read as YAML at line \d/);
    expect(JSON.stringify(mistake)).not.toContain(SECRET);
  });

  it('refuses a YAML file that is not there', () => {
    const [mistake] = mistakesOf(['http'], { BRIDGE_CONFIG: join(folder, 'absent.yaml') });
    expect(mistake?.problem).toContain('ENOENT');
  });
});
