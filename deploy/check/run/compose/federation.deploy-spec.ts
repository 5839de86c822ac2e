import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { nextStep as step, outcomeOfSteps } from '../../../../test/support/step';
import { createCertificateAuthority } from '../../../local/src/certificate-authority';
import { ORGANISATIONS, type Organisation } from '../../../local/src/federation';
import { FhirApi } from '../../../local/src/fhir-api';
import { handshake, trust } from '../authority';
import { runOnHost } from '../container';
import { contentsOf } from '../folder-contents';
import { writeHosts } from '../host';
import { Conversation, pingOf, subscribed } from '../scenario';
import { reach } from '../views';
import { ComposeProject } from './project';

/*
 * deploy/compose as its README starts it: init, then up, for three organisations. What init and Compose make is used as
 * it is: names, ports, paths, users, networks. The steps build on each other.
 */

const APPS = ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager'];
const OTHERS = { vvt: 'huisarts', huisarts: 'apotheek', apotheek: 'vvt' } as const;
/** Where the proxy is published. */
const PROXY = { host: '127.0.0.1', port: 8448 };
/** An address for documentation (RFC 5737), which this machine takes: it is in the place of all that is elsewhere. */
const OUTSIDE = { host: '192.0.2.1', port: 4_430 };
const MIB = 2 ** 20;

let project: ComposeProject;
let conversation: Conversation;
let outside: Server;

beforeAll(async () => {
  project = new ComposeProject();
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
    const own = readFileSync(join(project.data, 'trust/ca.crt'), 'utf8');
    const another = (await createCertificateAuthority()).certificatePem;
    for (const name of ORGANISATIONS) {
      expect(await handshake(PROXY, name, own)).toBe(`DNS:${name}`);
      expect(await handshake(PROXY, name, another)).toMatch(/VERIFY|SIGNATURE|SELF_SIGNED/);
    }
    expect(await handshake(PROXY, 'ziekenhuis.example', own)).toMatch(/UNRECOGNIZED_NAME/);
    trust(own);
  });

  step('tells where each homeserver is, on both ports, in a form that browsers take', async () => {
    for (const name of ORGANISATIONS) {
      const expected = {
        server: { 'm.server': `${name}:8448` },
        client: { 'm.homeserver': { base_url: `https://${name}:8448` } },
        support: { contacts: [{ matrix_id: `@admin:${name}`, role: 'm.role.admin' }] },
      };
      for (const port of [8448, 8443]) {
        for (const [file, content] of Object.entries(expected)) {
          const response = await fetch(`https://${name}:${port}/.well-known/matrix/${file}`);
          expect(await response.json()).toEqual(content);
          expect(response.headers.get('content-type')).toBe('application/json');
          expect(response.headers.get('access-control-allow-origin')).toBe('*');
        }
      }
    }
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
    const headers = { ...(await administrator('vvt')), 'content-type': 'application/octet-stream' };
    const upload = async (size: number): Promise<number> => {
      const url = `${homeserver('vvt').publicUrl}/_matrix/media/v3/upload`;
      return (await fetch(url, { method: 'POST', headers, body: Buffer.alloc(size) })).status;
    };
    expect(await upload(49_000_000)).toBe(200);
    expect(await upload(51 * MIB)).toBe(413);
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
    for (const name of ORGANISATIONS) await project.run(`${name}-bridge`, 'dead-letters', 'list');
  });
});

describe('its networks', () => {
  step('let no process of a bridge out, and each to what it needs', async () => {
    for (const app of APPS) {
      const container = project.container(`vvt-${app}`);
      expect([app, await reach(container, 'node', OUTSIDE.host, OUTSIDE.port)]).toEqual([app, 'ENETUNREACH']);
      expect([app, await reach(container, 'node', 'vvt-nats', 4222)]).toEqual([app, 'connected']);
      expect([app, await reach(container, 'node', 'huisarts-nats', 4222)]).toEqual([app, 'ENOTFOUND']);
    }
  });

  step('let homeservers reach each other through the proxy alone', async () => {
    for (const [name, other] of Object.entries(OTHERS)) {
      const container = project.container(`${name}-synapse`);
      expect(await reach(container, 'python', other, 8448)).toBe('connected');
      expect(await reach(container, 'python', `${other}-synapse`, 8008)).toBe('ENOTFOUND');
      const address = project.address(`${other}-synapse`, other);
      expect(await reach(container, 'python', address, 8008)).toBe('ETIMEDOUT');
      // So that the answers above are those of the networks: this one is allowed out.
      expect(await reach(container, 'python', OUTSIDE.host, OUTSIDE.port)).toBe('connected');
    }
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

  step('has used the proxy for its federation, and left everything healthy', async () => {
    const log = readFileSync(project.container('proxy').logFile, 'utf8');
    for (const name of ['huisarts', 'apotheek']) {
      expect(log).toMatch(
        new RegExp(`^172\\.30\\.3\\.\\d+ .* ${name} "PUT /_matrix/federation/.*" 200 `, 'm'),
      );
    }
    expect(await project.problems()).toEqual({});
  });
});
