import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextStep as step, outcomeOfSteps } from '../../../../test/support/step';
import type { Organisation } from '../../../local/src/federation';
import { MatrixUser, meet } from '../../../local/src/matrix-user';
import { registerUser } from '../../../local/src/register-user';
import { ClientCalls } from '../client-calls';
import { federationCheck } from '../federation-check';
import { writeHosts } from '../host';
import { ComposeProject } from './project';
import { PROXY, expectCertificates, expectWellKnown, uploadStatus } from './reverse-proxy.steps';

/*
 * PROXY=traefik: Traefik in the place of nginx, with the routes that init makes, before two homeservers. The bridges are
 * not started: what they do behind either is the same. The steps build on each other.
 */

const PAIR = ['huisarts', 'vvt'] as const satisfies readonly Organisation[];
const MIB = 2 ** 20;

let project: ComposeProject;
const people: Partial<Record<Organisation, MatrixUser>> = {};

beforeAll(() => {
  project = new ComposeProject({ env: { PROXY: 'traefik' } });
});

afterAll(async () => {
  await Promise.all(Object.values(people).map((person) => person.stop()));
  if (outcomeOfSteps() === 'failed') console.error(project?.logTails(/^(proxy|well-known|.*-synapse)$/));
  await project?.down();
}, 60_000);

const person = (name: Organisation): MatrixUser => {
  const found = people[name];
  if (!found) throw new Error(`nobody at ${name} yet`);
  return found;
};

describe('Traefik in the place of nginx', () => {
  step(
    'starts with the routes that init makes',
    async () => {
      await project.run('init');
      await project.up('proxy', ...PAIR.map((name) => `${name}-synapse`));
      expect(await project.problems()).toEqual({});
      writeHosts(Object.fromEntries(PAIR.map((name) => [name, PROXY.host])));
    },
    180_000,
  );

  step(
    'shows a certificate for each name to who trusts the authority, and none for other names',
    async () => {
      await expectCertificates(project, PAIR);
    },
  );

  step('tells where each homeserver is, on both ports, in a form that browsers take', async () => {
    await expectWellKnown(PAIR);
  });

  step('is right for partners, as the check for operators finds', async () => {
    const published = PAIR.map((name) => `${name}:443=${PROXY.host}:8443`);
    const found = await federationCheck(PAIR, join(project.data, 'trust/ca.crt'), published);
    expect(found).toEqual({ huisarts: [], vvt: [] });
  });

  step('has people log in, take files of 49 MB, and nobody reach the API for administrators', async () => {
    for (const name of PAIR) {
      const inner = `http://${project.address(`${name}-synapse`, name)}:8008`;
      const sharedSecret = readFileSync(
        join(project.data, name, 'secrets/registration_shared_secret'),
        'utf8',
      ).trim();
      const made = { localpart: 'somebody', password: 'try-me-locally', admin: true };
      const account = await registerUser({ clientUrl: inner, sharedSecret, ...made });
      people[name] = new MatrixUser(`https://${name}:8448`, account);
      await person(name).start();
      const calls = new ClientCalls(`https://${name}:8448`, account);
      expect((await calls.call('GET', '/_synapse/admin/v2/users')).status).toBe(404);
      expect((await new ClientCalls(inner, account).call('GET', '/_synapse/admin/v2/users')).status).toBe(
        200,
      );
    }
    const authorization = `Bearer ${person('vvt').account.accessToken}`;
    expect(await uploadStatus(authorization, 49_000_000)).toBe(200);
    // It is Synapse that refuses more, by ending the connection: Traefik tells that as 502.
    expect([413, 502]).toContain(await uploadStatus(authorization, 51 * MIB));
  });

  step('passes on paths as they come: aliases, ids and keys with encoded characters', async () => {
    const { account } = person('vvt');
    const vvt = new ClientCalls('https://vvt:8448', account);
    const roomId = await person('vvt').createRoom([], { room_alias_name: 'what?;100%' });
    const alias = encodeURIComponent('#what?;100%:vvt');
    expect(await vvt.call('GET', `/_matrix/client/v3/directory/room/${alias}`)).toMatchObject({
      body: { room_id: roomId },
    });
    const state = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/org.example.x`;
    const key = encodeURIComponent('a/b#c%d');
    expect((await vvt.call('PUT', `${state}/${key}`, { right: true })).status).toBe(200);
    expect(await vvt.call('GET', `${state}/${key}`)).toMatchObject({ body: { right: true } });
  });

  step('has the two homeservers talk', async () => {
    const [gp, nurse] = PAIR.map((name) => person(name)) as [MatrixUser, MatrixUser];
    const roomId = await gp.createRoom([nurse.userId]);
    await nurse.accept(roomId);
    await meet(roomId, [gp, nurse]);
    await gp.say(roomId, 'Said at huisarts.');
    await nurse.waitForMessage(roomId, 'Said at huisarts.');
    await nurse.say(roomId, 'Said at vvt.');
    await gp.waitForMessage(roomId, 'Said at vvt.');
    expect(await project.problems()).toEqual({});
  });
});
