import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  ALONE,
  COMPOSE_FOLDER,
  type ComposeModel,
  ORGANISATIONS,
  type Service,
  backupModel,
  composeModel,
  everything,
  isOneShot,
} from './compose-model';

const PROFILES = ['init', 'element', 'admin', 'turn', 'mautrix', 'monitoring', 'tools', 'tim'];
const PROXIES = ['nginx', 'traefik'];
/** Published on this machine for those who sit at it, by the profile that brings them. */
const PUBLISHED = ['proxy', 'turn', 'admin', 'grafana', ...ORGANISATIONS.map((name) => `${name}-element`)];

/** Every service, with each proxy, and what backs up. */
const services: [name: string, service: Service][] = [
  ...PROXIES.flatMap((PROXY) =>
    Object.entries(everything({ env: { PROXY } }).services).map(([name, service]): [string, Service] => [
      PROXY === 'nginx' ? name : `${name} (${PROXY})`,
      service,
    ]),
  ),
  ['backup', backupModel('vvt').services.backup ?? {}],
];
const plainName = (name: string): string => name.replace(/ \(.*$/, '');

describe('the Compose files', () => {
  it.each(PROFILES)('are right with the profile %s', (profile) => {
    const plain = Object.keys(composeModel().services);
    const model = composeModel({ profiles: [profile] });
    expect(Object.keys(model.services)).toEqual(expect.arrayContaining(plain));
    expect(Object.keys(model.services).length).toBeGreaterThan(plain.length);
  });

  it.each(ORGANISATIONS.flatMap((name) => PROXIES.map((proxy) => [name, proxy] as const)))(
    'make %s alone, behind %s',
    (name, proxy) => {
      const model = everything({ files: ['base.yaml', `${proxy}.yaml`, `${name}.yaml`] });
      const others = ORGANISATIONS.filter((each) => each !== name);
      expect(Object.keys(model.services)).toContain(`${name}-room-manager`);
      for (const other of others) expect(JSON.stringify(model.services)).not.toContain(`"${other}`);
      expect(model.services.init?.environment).toHaveProperty(`${name.toUpperCase()}_SERVER_NAME`);
    },
  );

  it('are read strictly: an unknown key is refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-check-'));
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'services: { proxy: { read_onyl: true } }\n');
    try {
      expect(() => composeModel({ files: [...ALONE, 'vvt.yaml', file] })).toThrow(/read_onyl/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('tell one organisation from another by names, subnets and ports alone', () => {
    const text = (name: string): string =>
      JSON.stringify(parse(readFileSync(join(COMPOSE_FOLDER, `${name}.yaml`), 'utf8')), null, 1)
        .replaceAll(name, 'NAME')
        .replaceAll(name.toUpperCase(), 'NAME')
        .replace(/172\.30\.\d\./g, 'SUBNET')
        .replace(/\b80(0|2)[123]\b/g, 'PORT');
    expect(text('apotheek')).toBe(text('vvt'));
    expect(text('huisarts')).toBe(text('vvt'));
  });
});

describe('each organisation', () => {
  const parts = ['synapse', 'synapse-db', 'admin-user', 'nats', 'bridge-db', 'migrate', 'fhir', 'fhir-db'];
  const apps = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];

  it.each(ORGANISATIONS)('%s has all of its own without any profile', (name) => {
    const model = composeModel();
    expect(Object.keys(model.services)).toEqual(
      expect.arrayContaining([...parts, ...apps].map((part) => `${name}-${part}`)),
    );
  });

  it.each(ORGANISATIONS)('%s is in a network of its own, which leads nowhere', (name) => {
    const model = everything();
    expect(model.networks[name]?.internal).toBe(true);
    const outside = Object.entries(model.services).filter(
      ([service, { networks = {} }]) => name in networks && !service.startsWith(`${name}-`),
    );
    expect(outside.map(([service]) => service).sort()).toEqual(['admin', 'prometheus', 'proxy']);
    const ours = Object.entries(model.services).filter(([service]) => service.startsWith(`${name}-`));
    for (const [service, { networks = {} }] of ours) {
      const further = Object.keys(networks).filter((network) => network !== name);
      const allowed = service.endsWith('-synapse')
        ? [`${name}-homeserver`]
        : /-(messenger-proxy|mautrix)$/.test(service)
          ? [`${name}-outside`]
          : service.endsWith('-element')
            ? ['local']
            : [];
      expect({ service, further }).toEqual({ service, further: allowed });
    }
  });

  it('finds the others through the proxy', () => {
    const { networks = {} } = composeModel().services.proxy ?? {};
    for (const name of ORGANISATIONS) {
      expect([...(networks[name]?.aliases ?? [])].sort()).toEqual([...ORGANISATIONS]);
    }
  });

  it('alone leaves the names of its partners to DNS', () => {
    const { networks = {} } = composeModel({ files: [...ALONE, 'vvt.yaml'] }).services.proxy ?? {};
    expect(networks.vvt?.aliases).toEqual(['vvt']);
    expect(Object.keys(networks).sort()).toEqual(['federation', 'vvt']);
  });

  it.each(ORGANISATIONS)('%s keeps its databases in the collation that Synapse needs', (name) => {
    const { environment } = composeModel().services[`${name}-synapse-db`] ?? {};
    expect(environment?.POSTGRES_INITDB_ARGS).toMatch(/--encoding=UTF8 --locale=C( |$)/);
  });

  it.each(ORGANISATIONS)('%s is asked where its NATS tells how it is', (name) => {
    const { healthcheck } = composeModel().services[`${name}-nats`] ?? {};
    expect(healthcheck?.test?.at(-1)).toBe('http://127.0.0.1:8222/healthz');
  });

  it.each(ORGANISATIONS)('%s has databases with the password that is made for each', (name) => {
    const { services: all, secrets = {} } = everything();
    for (const part of ['synapse', 'bridge', 'fhir']) {
      const [given] = all[`${name}-${part}-db`]?.secrets ?? [];
      expect(given?.target).toBe('password');
      expect(secrets[given?.source ?? '']?.file).toMatch(
        new RegExp(`/${name}/secrets/${part}_database_password$`),
      );
    }
  });
});

describe('published ports', () => {
  const published = (model: ComposeModel): string[] =>
    Object.entries(model.services).flatMap(([name, { ports = [] }]) => (ports.length > 0 ? [name] : []));

  it('are those of the proxy alone, unless a profile adds to them', () => {
    expect(published(composeModel())).toEqual(['proxy']);
    expect(published(everything()).sort()).toEqual([...PUBLISHED].sort());
  });

  it('are on this machine alone by default', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) expect({ name, host: port.host_ip }).toEqual({ name, host: '127.0.0.1' });
    }
  });

  it('of the pages for administrators stay there whatever the address of the others is', () => {
    const model = everything({ env: { BIND_ADDRESS: '192.0.2.1' } });
    for (const name of ['admin', 'grafana']) {
      for (const { host_ip } of model.services[name]?.ports ?? []) expect(host_ip).toBe('127.0.0.1');
    }
    expect(model.services.proxy?.ports?.map(({ host_ip }) => host_ip)).toEqual(['192.0.2.1', '192.0.2.1']);
  });

  it('are each taken once', () => {
    const all = Object.values(everything().services).flatMap(({ ports = [] }) =>
      ports.map((port) => `${port.published}/${(port as { protocol?: string }).protocol}`),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('give vvt its client on 8003', () => {
    expect(everything().services['vvt-element']?.ports?.map(({ published: port }) => port)).toEqual(['8003']);
  });
});

describe.each(services)('%s', (name, service) => {
  it('has a read-only file system, no capabilities, and cannot gain any', () => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.privileged ?? false).toBe(false);
    const added = plainName(name) === 'init' ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : [];
    expect(service.cap_add ?? []).toEqual(added);
  });

  it('runs as a user that nobody else has', () => {
    if (plainName(name) === 'init') {
      // Root gives files to others; it has no network, and ends.
      expect(service).toMatchObject({ user: '0:0', network_mode: 'none', restart: 'no' });
    } else {
      const [uid, gid] = (service.user ?? '').split(':').map(Number);
      expect(uid).toBeGreaterThanOrEqual(10_000);
      expect(gid).toBeGreaterThanOrEqual(10_000);
    }
  });

  it('has limits, and logs that end', () => {
    const limits = service.deploy?.resources?.limits;
    expect(Number(limits?.cpus)).toBeGreaterThan(0);
    expect(Number(limits?.memory)).toBeGreaterThanOrEqual(64 * 2 ** 20);
    expect(limits?.pids).toBeGreaterThan(0);
    expect(service.logging).toMatchObject({
      driver: 'json-file',
      options: { 'max-size': expect.any(String) as string, 'max-file': expect.any(String) as string },
    });
  });

  it('says how it is, or ends when it is done', () => {
    if (isOneShot(service)) {
      expect(service.healthcheck).toBeUndefined();
    } else if (plainName(name).endsWith('-fhir')) {
      // Its image has no program that could ask; one that ends when it answers does.
      expect(Object.keys(everything().services)).toContain(`${plainName(name)}-ready`);
    } else {
      expect(service.healthcheck?.test?.[0]).toMatch(/^CMD(-SHELL)?$/);
      expect(service.restart).toBe('unless-stopped');
    }
  });

  it('is of a pinned image', () => {
    expect(service.image).toMatch(/^[a-z0-9.-]+\/[a-z0-9./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
  });

  it('is told no secret but by file', () => {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|SECRET|TOKEN|_KEY|CREDENTIAL/i.test(variable)) {
        expect({ variable, value }).toEqual({
          variable: expect.stringMatching(/_FILE$/) as string,
          // The backup has the organisation's folder as a whole.
          value: expect.stringMatching(
            name === 'backup' ? /^\/data\/secrets\// : /^\/run\/secrets\//,
          ) as string,
        });
      }
      expect(value ?? '').not.toMatch(/\/\/[^/\s]*:[^/\s]*@/);
    }
    const words = [...(service.command ?? []), ...(service.entrypoint ?? [])];
    for (const word of words) expect(word).not.toMatch(/(password|secret|token)=(?!\/run\/secrets\/)/i);
  });

  it('sees nothing of the container engine', () => {
    for (const { source = '', type } of service.volumes ?? []) {
      expect(source).not.toMatch(/docker\.sock/);
      expect(type).toBe('bind');
    }
  });

  it('waits for what can tell that it is there, or done', () => {
    const model = name.includes('(') ? everything({ env: { PROXY: 'traefik' } }) : everything();
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const waited = model.services[other];
      if (condition === 'service_healthy') expect(waited?.healthcheck?.test).toBeDefined();
      else if (condition === 'service_completed_successfully') expect(isOneShot(waited ?? {})).toBe(true);
      else
        expect([plainName(name), condition]).toEqual([
          expect.stringMatching(/-fhir-ready$/) as string,
          'service_started',
        ]);
    }
  });
});

describe('the messenger proxies', () => {
  const leadsNowhere = (env: Record<string, string>): string[] => {
    const { networks } = composeModel({ env });
    return ORGANISATIONS.filter((name) => networks[`${name}-homeserver`]?.internal);
  };

  it('are not there without their profile', () => {
    expect(Object.keys(composeModel().services).filter((name) => name.endsWith('-messenger-proxy'))).toEqual(
      [],
    );
  });

  it.each(ORGANISATIONS)('are of one organisation each: %s', (name) => {
    const service = everything().services[`${name}-messenger-proxy`];
    expect(Object.keys(service?.networks ?? {})).toEqual([name, `${name}-outside`]);
    expect(service?.secrets?.map(({ source }) => source)).toEqual([
      `${name}_messenger_proxy_yaml`,
      `${name}_database_url`,
    ]);
    expect(service?.ports).toBeUndefined();
  });

  it('are asked for their health where the image has them tell it', () => {
    const { environment, healthcheck } = everything().services['vvt-messenger-proxy'] ?? {};
    expect(environment?.HTTP_PORT).toBe('1233');
    expect(healthcheck?.test).toEqual(['CMD', 'node', '/app/healthcheck.mjs']);
  });

  it('are the only way out for the homeservers that have one, of all organisations or of one', () => {
    expect(leadsNowhere({})).toEqual([]);
    expect(leadsNowhere({ MESSENGER_PROXY: 'true' })).toEqual(ORGANISATIONS);
    expect(leadsNowhere({ VVT_MESSENGER_PROXY: 'true' })).toEqual(['vvt']);
    expect(leadsNowhere({ MESSENGER_PROXY: 'true', VVT_MESSENGER_PROXY: 'false' })).not.toContain('vvt');
  });

  it('are what init is told as well', () => {
    const { environment } = everything({ env: { VVT_MESSENGER_PROXY: 'true' } }).services.init ?? {};
    expect(environment).toMatchObject({
      VVT_MESSENGER_PROXY: 'true',
      HUISARTS_MESSENGER_PROXY: 'false',
      PROXY_PROFILE: 'closed-federation',
    });
  });
});

describe('Traefik', () => {
  const { command = [] } = everything({ env: { PROXY: 'traefik' } }).services.proxy ?? {};
  const words = command ?? [];

  it('reads its routes from files alone, and reports to nobody', () => {
    expect(words.filter((word) => word.startsWith('--providers.'))).toEqual([
      '--providers.file.directory=/config',
      '--providers.file.watch=false',
    ]);
    expect(words).toEqual(
      expect.arrayContaining(['--global.checkNewVersion=false', '--global.sendAnonymousUsage=false']),
    );
    expect(words.filter((word) => /^--(api|metrics|tracing)\b/.test(word))).toEqual([]);
  });

  it.each(['https', 'federation'])('takes encoded paths and long polls at %s', (entry) => {
    for (const character of ['Hash', 'Percent', 'QuestionMark', 'Semicolon', 'Slash'])
      expect(words).toContain(`--entryPoints.${entry}.http.encodedCharacters.allowEncoded${character}=true`);
    expect(words).toContain(`--entryPoints.${entry}.transport.respondingTimeouts.readTimeout=180s`);
  });
});

describe('the order of the start', () => {
  const conditionOf = (service: string, other: string): string | undefined =>
    composeModel().services[service]?.depends_on?.[other]?.condition;

  it.each([
    ['vvt-synapse', 'vvt-synapse-db', 'service_healthy'],
    ['vvt-admin-user', 'vvt-synapse', 'service_healthy'],
    ['vvt-migrate', 'vvt-bridge-db', 'service_healthy'],
    ['vvt-as-ingress', 'vvt-migrate', 'service_completed_successfully'],
    ['vvt-fhir-mapper', 'vvt-migrate', 'service_completed_successfully'],
    ['vvt-room-manager', 'vvt-migrate', 'service_completed_successfully'],
    ['vvt-fhir-mapper', 'vvt-fhir-ready', 'service_completed_successfully'],
    ['vvt-fhir-ingress', 'vvt-nats', 'service_healthy'],
  ])('has %s wait for %s', (service, other, condition) => {
    expect(conditionOf(service, other)).toBe(condition);
  });
});
