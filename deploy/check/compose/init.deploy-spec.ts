import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { DataFolder } from '../../compose/init/data-folder';
import { prepare } from '../../compose/init/prepare';
import { type Settings, readSettings } from '../../compose/init/settings';
import {
  type ComposeModel,
  COMPOSE_FOLDER,
  ORGANISATIONS,
  type Service,
  everything,
  mountsOf,
} from './compose-model';

const PROCESSES = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];

let data: string;
let model: ComposeModel;

/** What init makes with exactly the environment that Compose gives it, and the containers that get it. */
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'compose-data-'));
  const env = { DATA_DIR: data, MAUTRIX: 'vvt', TURN_HOST: 'turn.example' };
  model = everything({ env });
  const { federation } = readSettings(settingsOf(model.services.init?.environment));
  await prepare(new DataFolder(data), federation, once);
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const once = { renewCertificates: false, rewriteConfiguration: false, now: new Date() };
const settingsOf = (environment: Service['environment'] = {}): Settings =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? undefined]));
const read = (path: string): string => readFileSync(join(data, path), 'utf8');
/** Absolute paths in a text, as far as they are in the folders that containers are given. */
const pathsIn = (text: string): string[] =>
  [
    ...text.matchAll(
      /(?<![\w/.-])\/(run\/secrets|config|registrations|trust|state|well-known|servers)\b[\w./-]*/g,
    ),
  ].map(([path]) => path);
const sees = (service: string, path: string): boolean =>
  mountsOf(model.services[service] ?? {}).some((mount) => path === mount || path.startsWith(`${mount}/`));

describe('init makes', () => {
  it('every file that a service is given as a secret', () => {
    const missing = Object.entries(model.secrets ?? {}).filter(([, { file = '' }]) => !existsSync(file));
    expect(missing).toEqual([]);
    expect(Object.keys(model.secrets ?? {}).length).toBeGreaterThan(63);
  });

  it('every folder that a service is given', () => {
    const sources = Object.values(model.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.source ?? ''),
    );
    const missing = sources.filter((source) => source.startsWith(data) && !existsSync(source));
    expect(missing).toEqual([]);
  });

  it('nothing secret in a folder that others are given', () => {
    for (const [name, { volumes = [] }] of Object.entries(model.services)) {
      if (name === 'init') continue;
      for (const { source = '' } of volumes) expect({ name, source }).not.toEqual({ name, source: data });
      const secretFolders = volumes.filter(({ source = '' }) => /\/(secrets|authority)(\/|$)/.test(source));
      expect({ name, secretFolders }).toEqual({ name, secretFolders: [] });
    }
  });

  it('no secret that no service reads but those that others are made of', () => {
    const used = new Set(Object.values(model.secrets ?? {}).map(({ file }) => file));
    const madeOf = ['notification_secret', 'nats_password', 'mautrix_as_token', 'mautrix_hs_token'];
    const { mode } = statSync(join(data, 'vvt/secrets'));
    expect(mode & 0o077).toBe(0);
    for (const name of madeOf) expect(used.has(join(data, 'vvt/secrets', name))).toBe(false);
  });
});

describe.each(ORGANISATIONS)('the files of %s', (name) => {
  it('name only what its homeserver sees', () => {
    const paths = pathsIn(read(`${name}/synapse/homeserver.yaml`));
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !sees(`${name}-synapse`, path))).toEqual([]);
  });

  it('name only what the proxy sees', () => {
    const paths = pathsIn(read(`proxy/servers/${name}.conf`));
    expect(paths.length).toBe(5);
    expect(paths.filter((path) => !sees('proxy', path))).toEqual([]);
  });

  it('name servers that exist where they are looked for', () => {
    const texts = ['secrets/bridge.yaml', 'secrets/database_url', 'registrations/fhir-matrix-bridge.yaml'];
    const hosts = texts.flatMap((path) =>
      [...read(`${name}/${path}`).matchAll(/\/\/(?:[^@/\s]+@)?([a-z][a-z0-9-]*):\d+/g)].map(
        ([, host = '']) => host,
      ),
    );
    expect(new Set(hosts).size).toBeGreaterThanOrEqual(6);
    for (const host of hosts)
      expect({ host, is: model.services[host]?.networks }).toHaveProperty(['is', name]);
    const { database } = parse(read(`${name}/synapse/homeserver.yaml`)) as {
      database: { args: { host: string } };
    };
    expect(model.services[database.args.host]?.networks).toHaveProperty([name]);
  });

  it('are what the processes of the bridge are told', () => {
    for (const app of [...PROCESSES, 'messenger-proxy', 'bridge', 'migrate']) {
      const service = `${name}-${app}`;
      const files = Object.entries(model.services[service]?.environment ?? {}).filter(
        ([variable]) => variable.endsWith('_FILE') || variable === 'BRIDGE_CONFIG',
      );
      expect(files.length).toBeGreaterThan(0);
      for (const [variable, path] of files) {
        expect({ service, variable, sees: sees(service, path ?? '') }).toEqual({
          service,
          variable,
          sees: true,
        });
      }
    }
  });

  it('name only what its messenger proxy sees and reaches', () => {
    const { proxy } = parse(read(`${name}/secrets/messenger-proxy.yaml`)) as {
      proxy: { list: string; homeserverUrl: string };
    };
    expect(sees(`${name}-messenger-proxy`, proxy.list)).toBe(true);
    expect(existsSync(join(data, 'federation-list', basename(proxy.list)))).toBe(true);
    expect(model.services[new URL(proxy.homeserverUrl).hostname]?.networks).toHaveProperty([name]);
  });

  it('whitelist the subnet of its own network', () => {
    const { ip_range_whitelist: networks } = parse(read(`${name}/synapse/homeserver.yaml`)) as {
      ip_range_whitelist: string[];
    };
    const { ipam } = model.networks[name] as { ipam?: { config: { subnet: string }[] } };
    expect(networks).toEqual(ipam?.config.map(({ subnet }) => subnet));
  });

  it('let Prometheus find what it watches', () => {
    const targets = parse(readFileSync(join(COMPOSE_FOLDER, `monitoring/targets/${name}.yaml`), 'utf8')) as {
      targets: string[];
    }[];
    const hosts = targets.flatMap((group) => group.targets).map((target) => target.split(':')[0] ?? '');
    expect(hosts).toHaveLength(5);
    for (const host of hosts) expect(model.services[host]?.networks).toHaveProperty([name]);
    expect(sees('prometheus', `/targets/${name}.yaml`)).toBe(true);
    expect(sees('prometheus', `/messenger-proxies/${name}.yaml`)).toBe(true);
    expect(sees('prometheus', `/rules/${name}.yaml`)).toBe(true);
  });
});

describe('a homeserver behind its messenger proxy', () => {
  it('is given the authority that it trusts, and reaches the proxy at the ports that it has', async () => {
    const { services } = everything({ env: { DATA_DIR: data, VVT_MESSENGER_PROXY: 'true' } });
    const { federation } = readSettings(settingsOf(services.init?.environment));
    await prepare(new DataFolder(data), federation, { ...once, rewriteConfiguration: true });
    const config = parse(read('vvt/synapse/homeserver.yaml')) as {
      https_proxy: string;
      federation_custom_ca_list: string[];
    };
    for (const path of config.federation_custom_ca_list) {
      expect(sees('vvt-synapse', path)).toBe(true);
      expect(existsSync(join(data, 'vvt/synapse', basename(path)))).toBe(true);
    }
    const called = [config.https_proxy, /set \$homeserver (\S+);/.exec(read('proxy/servers/vvt.conf'))?.[1]];
    expect(called).toEqual(['http://vvt-messenger-proxy:8093', 'vvt-messenger-proxy:8090']);
    expect(services['vvt-messenger-proxy']?.networks).toHaveProperty(['vvt']);
  });
});

describe('the pages for administrators', () => {
  it('listen where they are published', () => {
    for (const { target, published } of model.services.admin?.ports ?? []) {
      const server = ORGANISATIONS.map((name) => read(`admin/servers/${name}.conf`)).find((text) =>
        text.includes(`listen ${target};`),
      );
      expect(server).toContain(`http://127.0.0.1:${published}`);
    }
    expect(model.services.admin?.ports).toHaveLength(3);
  });
});
