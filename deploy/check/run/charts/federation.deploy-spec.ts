import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '@bridge/certificates';
import { makeListKey, signList } from '../../../../apps/messenger-proxy/src/federation-list/sign-list';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../local/src/certificate-authority';
import { nextStep as step, outcomeOfSteps } from '../../../../test/support/step';
import { ORGANISATIONS, type Organisation } from '../../../local/src/federation';
import { until } from '../../../local/src/until';
import { handshake, trust } from '../authority';
import { federationCheck } from '../federation-check';
import { checkCommand } from '../health';
import { host, writeHosts } from '../host';
import { MessengerProxyAccess } from '../messenger-proxy';
import { Conversation, type HomeserverAccess, pingOf } from '../scenario';
import { Cluster } from './cluster';
import { FHIR, POSTGRES, neighboursOf, newSecret } from './neighbours';
import { renderedObjects } from './objects';

/*
 * Both charts as `helm template` renders them with the values beside this file, for three homeservers and the bridge of
 * one. Secrets that these values name exist before, as in a cluster. The steps build on each other.
 */

const MIB = 2 ** 20;
const KEYS = 'care-make-keys';
const ADMIN_PASSWORD = newSecret();
const GUARD = 'bridge-messenger-proxy';
/** A homeserver that is in nobody's list. */
const STRANGER = 'ziekenhuis.example';
const listKey = makeListKey();

let authority: CertificateAuthority;
let cluster: Cluster;
let conversation: Conversation;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  const password = newSecret();
  const certificate = await authority.issue({ dns: [POSTGRES], ip: [] });
  const validUntil = new Date(Date.now() + 3_600_000);
  const list = await signList({ version: 1, domains: ORGANISATIONS, validUntil }, listKey.privateKey);
  const objects = renderedObjects('--set', `messengerProxy.list=${list}`);
  cluster = new Cluster(objects, authority, neighboursOf({ password, certificate }));
  await addSecrets(password);
  await cluster.open();
  trust(authority.certificatePem);
  const services = ORGANISATIONS.map((name) => [name, cluster.serviceAddress(name)]);
  writeHosts({ ...(Object.fromEntries(services) as object), [FHIR]: cluster.address(FHIR) });
}, 60_000);

afterAll(async () => {
  await conversation?.people.stop();
  if (outcomeOfSteps() === 'failed') {
    for (const { main } of cluster?.pods ?? []) console.error(main.logTail());
  }
  await cluster?.close();
}, 60_000);

async function addSecrets(databasePassword: string): Promise<void> {
  const notification = newSecret();
  cluster.store.addSecret('federation-ca', { 'ca.crt': authority.certificatePem });
  cluster.store.addSecret('bridge-nats', { password: newSecret() });
  cluster.store.addSecret('bridge-database', {
    password: databasePassword,
    'ca.crt': authority.certificatePem,
  });
  cluster.store.addSecret('bridge-secrets', {
    'as-token': newSecret(),
    'hs-token': newSecret(),
    'encryption-key': randomBytes(32).toString('base64'),
    notifications: `ehr=${notification}`,
    'subscription-header': `Authorization: Bearer ${notification}`,
  });
  const outbound = await makeAuthority('Messenger proxy of vvt', { now: new Date(), days: 1 });
  cluster.store.addSecret('federation-list', { 'list.pub': listKey.publicKey });
  cluster.store.addSecret('bridge-proxy-outbound', {
    'tls.crt': outbound.certificatePem,
    'tls.key': outbound.privateKeyPem,
  });
  for (const name of ORGANISATIONS) {
    const { certificatePem, privateKeyPem } = await authority.issue({ dns: [name], ip: [] });
    cluster.store.addSecret(`${name}-tls`, { 'tls.crt': certificatePem, 'tls.key': privateKeyPem });
  }
}

const inner = (name: Organisation): string => `http://${cluster.serviceAddress(`care-${name}-synapse`)}:8008`;

describe('the charts', () => {
  step('make the keys of each homeserver once', async () => {
    const made = await cluster.runJob(KEYS);
    const keys = ORGANISATIONS.map((name) => cluster.store.all('Secret', `care-${name}-keys`));
    for (const name of ORGANISATIONS) expect(made).toContain(`care-${name}-keys: made`);
    expect(new Set(keys.map(({ signing_key: key }) => key)).size).toBe(3);
    expect(await cluster.runJob(KEYS)).toContain('care-vvt-keys: there already, left as it is');
    expect(ORGANISATIONS.map((name) => cluster.store.all('Secret', `care-${name}-keys`))).toEqual(keys);
  });

  step('apply the migrations before the release', async () => {
    const database = cluster.neighbours.get(POSTGRES);
    const ready = checkCommand({ test: ['CMD', 'pg_isready', '--host=127.0.0.1', '--username=bridge'] });
    await until('Postgres', async () => (await database?.exec(ready, 5_000))?.status === 0);
    expect(await cluster.runJob('bridge-migrate')).toMatch(/migrat/i);
  });

  step(
    'start every pod, which becomes ready within the limits of its probes',
    async () => {
      // Each release by itself, and in each first what the others wait for: a restart would take longer.
      const install = async (first: RegExp, others: RegExp): Promise<void> => {
        await cluster.start(first);
        await cluster.start(others);
      };
      await Promise.all([
        install(/^care-.*-postgres$/, /^care-(?!.*-postgres$)/),
        install(/^bridge-nats$/, /^bridge-(?!nats$)/),
      ]);
      expect(cluster.missing).toEqual([]);
      for (const pod of cluster.pods) expect(await pod.problem()).toBeUndefined();
      const restarts = cluster.pods.map(({ name, restarts: count }) => [name, count]);
      expect(restarts.filter(([, count]) => Number(count) > 2)).toEqual([]);
    },
    300_000,
  );
});

describe('a gateway', () => {
  step('shows the certificate of its name', async () => {
    for (const name of ORGANISATIONS) {
      const place = { host: cluster.serviceAddress(name), port: 8448 };
      expect(await handshake(place, name, authority.certificatePem)).toBe(`DNS:${name}`);
      expect(await handshake(place, name, (await createCertificateAuthority()).certificatePem)).toMatch(
        /VERIFY|SIGNATURE|SELF_SIGNED/,
      );
    }
  });

  step('tells where its homeserver is, in a form that browsers take', async () => {
    for (const name of ORGANISATIONS) {
      const expected = {
        server: { 'm.server': `${name}:8448` },
        client: { 'm.homeserver': { base_url: `https://${name}` } },
      };
      for (const [file, content] of Object.entries(expected)) {
        const response = await fetch(`https://${name}/.well-known/matrix/${file}`);
        expect(await response.json()).toEqual(content);
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        expect(response.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}$/);
      }
    }
    expect(await (await fetch('https://vvt/.well-known/matrix/support')).json()).toEqual({
      contacts: [{ email_address: 'beheer@vvt.example', matrix_id: '@beheer:vvt', role: 'm.role.admin' }],
    });
  });

  step('is right for partners, as the check for operators finds', async () => {
    const caFile = join(host().state, 'authority.crt');
    writeFileSync(caFile, authority.certificatePem);
    const soon = expect.stringMatching(/^certificate: warning: .* 6 days\.$/) as string;
    const nobody = 'well-known support: warning: None: status 404.';
    expect(await federationCheck(ORGANISATIONS, caFile)).toEqual({
      apotheek: [soon, nobody],
      huisarts: [soon, nobody],
      vvt: [soon],
    });
  });

  step(
    'lets an administrator in, and nobody to the API for administrators; takes files up to 50 MB',
    async () => {
      const [pod] = cluster.podsOf('care-vvt-synapse');
      const words = [
        '--config=/etc/synapse/homeserver.yaml',
        '--admin',
        '--user=beheer',
        `--password=${ADMIN_PASSWORD}`,
      ];
      const made = await pod?.main.exec(
        ['register_new_matrix_user', ...words, 'http://127.0.0.1:8008'],
        30_000,
      );
      expect(made).toMatchObject({ status: 0 });
      const headers = await session('beheer');
      const path = '/_synapse/admin/v2/users/@beheer:vvt';
      expect((await fetch(`${inner('vvt')}${path}`, { headers })).status).toBe(200);
      expect((await fetch(`https://vvt${path}`, { headers })).status).toBe(404);
      const upload = async (size: number): Promise<number> => {
        const url = 'https://vvt/_matrix/media/v3/upload';
        return (await fetch(url, { method: 'POST', headers, body: Buffer.alloc(size) })).status;
      };
      expect(await upload(49_000_000)).toBe(200);
      expect(await upload(51 * MIB)).toBe(413);
    },
  );
});

async function session(user: string): Promise<{ authorization: string; 'content-type': string }> {
  const response = await fetch('https://vvt/_matrix/client/v3/login', {
    method: 'POST',
    body: JSON.stringify({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user },
      password: ADMIN_PASSWORD,
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
}

describe('the messenger proxy', () => {
  const address = () => cluster.serviceAddress(GUARD);
  const guard = () => new MessengerProxyAccess(address());

  step('has its homeserver, its database and the list that the chart mounts', async () => {
    expect(await guard().ready()).toMatchObject({
      ready: true,
      checks: { postgres: 'up', homeserver: 'up', 'federation list': 'up' },
    });
  });

  step('is at each port of its Service', async () => {
    const answer = async (port: number, path: string) => {
      const response = await fetch(`http://${address()}:${port}${path}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const { versions } = (await answer(8090, '/_matrix/client/versions')).body as { versions: string[] };
    expect(versions.at(-1)).toBe('v1.11');
    expect((await answer(8090, '/_synapse/admin/v1/server_version')).status).toBe(404);
    expect(await answer(8090, '/.well-known/matrix/server')).toMatchObject({
      body: { 'm.server': 'vvt:8448' },
    });
    for (const [port, path] of [
      [8070, '/tim-contact-mgmt/'],
      [7777, '/tim-information/'],
      [1233, '/live'],
    ] as const)
      expect([port, (await answer(port, path)).status]).toEqual([port, 200]);
  });

  step('lets in and leads to the homeservers of the list alone', async () => {
    const signature = Buffer.alloc(64).toString('base64');
    const authorization = `X-Matrix origin="${STRANGER}",destination="vvt",key="ed25519:a_key",sig="${signature}"`;
    const send = `http://${address()}:8090/_matrix/federation/v1/send/1`;
    const call = { method: 'PUT', headers: { authorization }, body: '{}' };
    expect((await fetch(send, call)).status).toBe(403);
    const trusted = cluster.store.value('Secret', 'bridge-proxy-outbound', 'tls.crt');
    for (const name of ['huisarts', 'apotheek'])
      expect(await guard().wayTo(name, 8448, trusted)).toBe(`DNS:${name}`);
    expect(await guard().wayTo(STRANGER, 8448, trusted)).toBe('ECONNRESET');
    expect(await guard().wayTo(POSTGRES, 5432, trusted)).toBe('ECONNRESET');
    expect(await guard().wayTo('127.0.0.1', 1233, trusted)).toBe('status 403');
  });
});

describe('a care team on three homeservers', () => {
  step('has a bridge that its homeserver reaches', async () => {
    const asToken = cluster.store.value('Secret', 'bridge-secrets', 'as-token');
    expect(await pingOf(inner('vvt'), asToken)).toEqual({ duration_ms: expect.any(Number) as number });
  });

  step('is set up from FHIR, and talks both ways', async () => {
    const access = (name: Organisation): HomeserverAccess => ({
      publicUrl: `https://${name}`,
      innerUrl: inner(name),
      registrationSecret: cluster.store.value('Secret', `care-${name}-keys`, 'registration_shared_secret'),
    });
    const servers = ORGANISATIONS.map((name) => [name, access(name)]);
    conversation = await Conversation.open(
      `http://${FHIR}:8080/fhir`,
      Object.fromEntries(servers) as Record<Organisation, HomeserverAccess>,
    );
    await conversation.say('gp', 'Please leave out the evening pill.');
    await conversation.write('Thank you, I will.');
    await conversation.say('pharmacist', 'The new pills are here.');
    await conversation.write('I fetch them tomorrow.');
  });

  step('goes on when pods of the bridge are replaced amid it', async () => {
    const [manager] = cluster.podsOf('bridge-room-manager');
    const [ingress] = cluster.podsOf('bridge-as-ingress');
    for (const pod of [manager, ingress]) {
      expect(await pod?.stop()).toBe(0);
      await conversation.sayOnly('nurse', `Said while ${pod?.name} was away.`);
      const seen = await conversation.writeOnly(`Written while ${pod?.name} was away.`);
      await pod?.start();
      await seen();
    }
  });

  step('changes its members, and has lost nothing, nothing twice, and nothing of the patient', async () => {
    await conversation.changeTeam();
    await conversation.say('gp', 'Welcome.');
    expect(await conversation.compare()).toEqual({ lost: [], duplicated: [], disordered: [] });
    expect(await conversation.leaked()).toEqual([]);
    expect(await conversation.failedSubscriptions()).toEqual([]);
    for (const pod of cluster.pods) expect(await pod.problem()).toBeUndefined();
  });
});
