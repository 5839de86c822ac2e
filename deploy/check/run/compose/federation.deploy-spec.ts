import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { nextStep as step, outcomeOfSteps } from '../../../../test/support/step';
import { ORGANISATIONS, type Organisation } from '../../../local/src/federation';
import { FhirApi } from '../../../local/src/fhir-api';
import { until } from '../../../local/src/until';
import { runOnHost } from '../container';
import { federationCheck } from '../federation-check';
import { contentsOf } from '../folder-contents';
import { writeHosts } from '../host';
import { MessengerProxyAccess } from '../messenger-proxy';
import { Conversation, pingOf, subscribed } from '../scenario';
import { reach } from '../views';
import { GUARD, profileTimSteps } from './profile-tim.steps';
import { ComposeProject } from './project';
import { Prometheus } from './prometheus';
import { PROXY, STRANGER, expectCertificates, expectWellKnown, uploadStatus } from './reverse-proxy.steps';

/*
 * deploy/compose as its README starts it: init, then up, for three organisations, of which vvt has a messenger proxy before
 * its homeserver and the others have none; in the end vvt asks for all that gematik does (profile tim). What init and
 * Compose make is used as it is: names, ports, paths, users, networks. The steps build on each other.
 */

const APPS = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];
const OTHERS = { vvt: 'huisarts', huisarts: 'apotheek', apotheek: 'vvt' } as const;
/** An address for documentation (RFC 5737), which this machine takes: it is in the place of all that is elsewhere. */
const OUTSIDE = { host: '192.0.2.1', port: 4_430 };
const MIB = 2 ** 20;

let project: ComposeProject;
let conversation: Conversation;
let outside: Server;

beforeAll(async () => {
  project = new ComposeProject({ env: { VVT_MESSENGER_PROXY: 'true' }, also: [GUARD, 'prometheus'] });
  runOnHost('ip', ['addr', 'add', `${OUTSIDE.host}/32`, 'dev', 'lo']);
  outside = createServer((socket) => socket.destroy()).listen(OUTSIDE.port, OUTSIDE.host);
  await once(outside, 'listening');
});

afterAll(async () => {
  await conversation?.people.stop();
  if (outcomeOfSteps() === 'failed') console.error(project?.logTails(/^(proxy|vvt-.*)$/));
  outside?.close();
  await project?.down();
}, 60_000);

const secret = (name: Organisation, file: string): string =>
  readFileSync(join(project.data, name, 'secrets', file), 'utf8').trim();
const guard = () => new MessengerProxyAccess(project.address(GUARD, 'vvt'));
const homeserver = (name: Organisation) => ({
  publicUrl: `https://${name}:8448`,
  innerUrl: `http://${project.address(`${name}-synapse`, name)}:8008`,
  registrationSecret: secret(name, 'registration_shared_secret'),
});

/** A session of the first administrator, whom a job has made. */
async function administrator(name: Organisation): Promise<{ authorization: string }> {
  const response = await fetch(`https://${name}:8448/_matrix/client/v3/login`, {
    method: 'POST',
    body: JSON.stringify({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: 'admin' },
      password: secret(name, 'admin_password'),
    }),
  });
  expect(response.status).toBe(200);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return { authorization: `Bearer ${token}` };
}

describe('deploy/compose', () => {
  step('has init make all files, and leave each as it is when it is run again', async () => {
    await project.run('init');
    const first = contentsOf(project.data);
    expect(Object.keys(first).length).toBeGreaterThan(100);
    expect(await project.run('init')).toMatch(/^Nothing to do: all \d+ files and folders are there\.$/m);
    expect(contentsOf(project.data)).toEqual(first);

    const byHand = 'vvt/synapse/homeserver.yaml';
    appendFileSync(join(project.data, byHand), '# What an administrator has changed.\n');
    const changed = contentsOf(project.data);
    expect(await project.run('init')).toContain(`${byHand}: stays as it is`);
    expect(contentsOf(project.data)).toEqual(changed);
  });

  step(
    'starts everything in its order, and is healthy within the limits of the files',
    async () => {
      await project.up();
      expect(project.services.length).toBeGreaterThanOrEqual(40);
      expect(await project.problems()).toEqual({});
      const names = ORGANISATIONS.map((name) => [name, PROXY.host]);
      writeHosts({ ...(Object.fromEntries(names) as object), 'vvt-fhir': project.address('vvt-fhir') });
    },
    300_000,
  );
});

describe('its proxy', () => {
  step('shows a certificate for each name to who trusts the authority, and to nobody else', async () => {
    await expectCertificates(project, ORGANISATIONS);
  });

  step('tells where each homeserver is, on both ports, in a form that browsers take', async () => {
    await expectWellKnown(ORGANISATIONS);
  });

  step('lets the first administrator in, and nobody to the API for administrators', async () => {
    for (const name of ORGANISATIONS) {
      const headers = await administrator(name);
      const path = `/_synapse/admin/v2/users/@admin:${name}`;
      const inner = await fetch(`${homeserver(name).innerUrl}${path}`, { headers });
      expect(await inner.json()).toMatchObject({ admin: true });
      const outer = await fetch(`${homeserver(name).publicUrl}${path}`, { headers });
      expect(outer.status).toBe(404);
    }
  });

  step('takes files of 49 MB, and refuses what is above 50 MiB', async () => {
    const { authorization } = await administrator('vvt');
    expect(await uploadStatus(authorization, 49_000_000)).toBe(200);
    expect(await uploadStatus(authorization, 51 * MIB)).toBe(413);
  });
});

describe('the check for operators', () => {
  step('finds each homeserver right, as its partners see it', async () => {
    const authority = join(project.data, 'trust/ca.crt');
    const published = ORGANISATIONS.map((name) => `${name}:443=${PROXY.host}:8443`);
    const found = await federationCheck(ORGANISATIONS, authority, published);
    expect(found).toEqual({ apotheek: [], huisarts: [], vvt: [] });
  });
});

describe('each organisation', () => {
  step('has a homeserver that reaches its bridge, with the tokens that both know', async () => {
    for (const name of ORGANISATIONS) {
      const asToken = secret(name, 'as_token');
      const answer = await pingOf(homeserver(name).innerUrl, asToken);
      expect([name, answer]).toEqual([name, { duration_ms: expect.any(Number) as number }]);
    }
  });

  step('has a record system that notifies its bridge', async () => {
    for (const name of ORGANISATIONS) {
      const fhir = new FhirApi(`http://${project.address(`${name}-fhir`)}:8080/fhir`);
      await subscribed(fhir);
    }
  });

  step('has a command for its operators', async () => {
    await Promise.all(ORGANISATIONS.map((name) => project.run(`${name}-bridge`, 'dead-letters', 'list')));
  });
});

describe('its networks', () => {
  step('let no process of a bridge out, and each to what it needs', async () => {
    const from = async (app: string) => {
      const container = project.container(`vvt-${app}`);
      const outside = await reach(container, 'node', OUTSIDE.host, OUTSIDE.port);
      const own = await reach(container, 'node', 'vvt-nats', 4222);
      return { app, outside, own, others: await reach(container, 'node', 'huisarts-nats', 4222) };
    };
    expect(await Promise.all(APPS.map(from))).toEqual(
      APPS.map((app) => ({ app, outside: 'ENETUNREACH', own: 'connected', others: 'ENOTFOUND' })),
    );
  });

  step('let homeservers reach each other through the proxy alone', async () => {
    const pairs = Object.entries(OTHERS);
    const from = async ([name, other]: [string, Organisation]) => {
      const container = project.container(`${name}-synapse`);
      const proxy = await reach(container, 'python', other, 8448);
      const byName = await reach(container, 'python', `${other}-synapse`, 8008);
      const address = project.address(`${other}-synapse`, other);
      const byAddress = await reach(container, 'python', address, 8008);
      // So that the answers above are those of the networks: the others are allowed out.
      const outside = await reach(container, 'python', OUTSIDE.host, OUTSIDE.port);
      return { name, proxy, byName, byAddress, outside };
    };
    // One that has a messenger proxy knows no way out at all.
    const expected = (name: string) => ({
      name,
      proxy: 'connected',
      byName: 'ENOTFOUND',
      ...(name === 'vvt'
        ? { byAddress: 'ENETUNREACH', outside: 'ENETUNREACH' }
        : { byAddress: 'ETIMEDOUT', outside: 'connected' }),
    });
    expect(await Promise.all(pairs.map(from))).toEqual(pairs.map(([name]) => expected(name)));
    expect(await reach(project.container(GUARD), 'node', OUTSIDE.host, OUTSIDE.port)).toBe('connected');
  });
});

describe('the messenger proxy of vvt', () => {
  step('has its homeserver, its database and the federation list', async () => {
    expect(await guard().ready()).toMatchObject({
      ready: true,
      checks: { postgres: 'up', homeserver: 'up', 'federation list': 'up' },
    });
  });

  step('refuses a homeserver that is not in the list, whatever it calls', async () => {
    const signature = Buffer.alloc(64).toString('base64');
    const header = `X-Matrix origin="${STRANGER}",destination="vvt",key="ed25519:a_key",sig="${signature}"`;
    const calls = [
      ['PUT', '/_matrix/federation/v1/send/1'],
      ['PUT', '/_matrix/federation/v2/invite/!room:vvt/$event'],
      ['GET', '/_matrix/federation/v1/make_join/!room:vvt/@somebody:vvt'],
      ['GET', '/_matrix/federation/v1/query/profile?user_id=@admin:vvt'],
    ] as const;
    for (const [method, path] of calls) {
      const response = await fetch(`${homeserver('vvt').publicUrl}${path}`, {
        method,
        headers: { authorization: header },
        ...(method === 'PUT' && { body: '{}' }),
      });
      expect({ path, status: response.status, answer: await response.json() }).toEqual({
        path,
        status: 403,
        answer: { errcode: 'M_FORBIDDEN', error: 'The homeserver is not part of the federation.' },
      });
    }
  });

  step('leads the homeserver to its partners, and to nobody else', async () => {
    const trusted = readFileSync(join(project.data, 'vvt/synapse/outbound.crt'), 'utf8');
    for (const name of ['huisarts', 'apotheek']) {
      expect(await guard().wayTo(name, 8448, trusted)).toBe(`DNS:${name}`);
    }
    expect(await guard().wayTo(STRANGER, 8448, trusted)).toBe('ECONNRESET');
    expect(await guard().wayTo('vvt-bridge-db', 5432, trusted)).toBe('ECONNRESET');
    expect(await guard().wayTo('127.0.0.1', 1233, trusted)).toBe('status 403');
    expect(
      await guard().count('bridge_proxy_refusals_total', 'direction="outbound"', 'rule="not-listed"'),
    ).toBe(2);
  });
});

describe('a care team on its three homeservers', () => {
  step('is set up from FHIR, and talks both ways', async () => {
    const servers = ORGANISATIONS.map((name) => [name, homeserver(name)]);
    conversation = await Conversation.open(
      'http://vvt-fhir:8080/fhir',
      Object.fromEntries(servers) as Record<Organisation, ReturnType<typeof homeserver>>,
    );
    await conversation.say('gp', 'Please leave out the evening pill.');
    await conversation.write('Thank you, I will.');
    await conversation.say('pharmacist', 'The new pills are here.');
    await conversation.write('I fetch them tomorrow.');
  });

  step('goes on when processes of the bridge are restarted amid it', async () => {
    for (const app of ['room-manager', 'as-ingress']) {
      let seen = (): Promise<unknown> => Promise.resolve();
      const status = await project.restart(`vvt-${app}`, async () => {
        await conversation.sayOnly('nurse', `Said while ${app} was away.`);
        seen = await conversation.writeOnly(`Written while ${app} was away.`);
      });
      expect([app, status]).toEqual([app, 0]);
      await seen();
    }
  });

  step('changes its members', async () => {
    await conversation.changeTeam();
    await conversation.say('gp', 'Welcome.');
  });

  step(
    'has lost nothing, has nothing twice and in the wrong order, and shows no patient to others',
    async () => {
      expect(await conversation.compare()).toEqual({ lost: [], duplicated: [], disordered: [] });
      expect(await conversation.leaked()).toEqual([]);
      expect(await conversation.failedSubscriptions()).toEqual([]);
    },
  );

  step('has used the proxies for its federation, and left everything healthy', async () => {
    const log = readFileSync(project.container('proxy').logFile, 'utf8');
    const sentBy = (service: string, name: string): RegExp => {
      const address = project.address(service, 'vvt').replaceAll('.', '\\.');
      return new RegExp(`^${address} .* ${name} "PUT /_matrix/federation/.*" 200 `, 'm');
    };
    for (const name of ['huisarts', 'apotheek']) {
      expect(log).toMatch(sentBy(GUARD, name));
      expect(log).not.toMatch(sentBy('vvt-synapse', name));
    }
    expect(log).toMatch(/^172\.30\.2\.\d+ .* vvt "PUT \/_matrix\/federation\/.*" 200 /m);
    const passed = await guard().count(
      'bridge_proxy_request_seconds_count',
      'direction="inbound"',
      'status="2xx"',
    );
    expect(passed).toBeGreaterThan(20);
    expect(await project.problems()).toEqual({});
  });
});

describe('its monitoring', () => {
  const prometheus = () => new Prometheus(project.address('prometheus', 'local'));
  /** Of faults, which there were none of. */
  const EMPTY = ['Dead letters'];
  /** Empty as well, but where something was tried again: amid restarts that is as it should be. */
  const EITHER = 'Failures';

  step('reaches every process, homeserver and messenger proxy', async () => {
    const pods = ORGANISATIONS.flatMap((name) => [...APPS, 'synapse'].map((app) => `${name}-${app}`));
    // Those that were away a moment ago at the next look.
    await until('all to be up', async () => {
      const states = Object.values(await prometheus().targets());
      return states.every((state) => state === 'up');
    });
    expect(Object.keys(await prometheus().targets()).sort()).toEqual([...pods, GUARD].sort());
  });

  step('has the alerts of each organisation, and none of them for what went well', async () => {
    const alerts = await prometheus().alerts();
    expect(Object.keys(alerts).sort()).toEqual([...ORGANISATIONS].sort());
    for (const states of Object.values(alerts)) {
      expect(Object.keys(states).length).toBeGreaterThan(10);
      // Pending: a process that was started anew was away at one look.
      const fine = ['inactive', 'pending'];
      expect(Object.entries(states).filter(([, state]) => !fine.includes(state))).toEqual([]);
    }
  });

  step('fills the dashboard, for each organisation with its own', async () => {
    // A rate is that of two looks.
    await until('the panels to be filled', async () => {
      const panels = Object.entries(await prometheus().panels('vvt'));
      const empty = panels.filter(([, counts]) => counts.includes(0)).map(([title]) => title);
      return JSON.stringify(empty.filter((title) => title !== EITHER)) === JSON.stringify(EMPTY);
    });
    const shown = await prometheus().query('bridge_queue_pending{app_kubernetes_io_instance="apotheek"}');
    expect(new Set(shown.map(({ metric }) => metric.pod))).toEqual(
      new Set(APPS.map((app) => `apotheek-${app}`)),
    );
  });
});

profileTimSteps({
  project: () => project,
  conversation: () => conversation,
  guard,
  administrator: () => administrator('vvt'),
});
