import { FhirRef, UserId } from '@bridge/contracts';
import { AccountOverrideStore, PersistenceModule } from '@bridge/persistence';
import { Readiness } from '@bridge/platform';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { CareTeam, Practitioner } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import {
  communication,
  communicationRequest,
  matrixAccount,
  participant,
  roles,
} from '../../deploy/local/src/example-data';
import { MatrixUser, meet } from '../../deploy/local/src/matrix-user';
import type { CareNetwork } from '../../deploy/local/src/scenario/network';
import { teamOf } from '../../deploy/local/src/scenario/network';
import { type Thread, writeInFhir } from '../../deploy/local/src/scenario/play';
import type { Stack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { comparedOnce } from '../support/at-rest';
import { membershipIn } from '../support/membership-actions';
import { playConversation } from '../support/play-step';
import { emptyQueues } from '../support/queue-evidence';

/*
 * People as the record has them and as Matrix shows them. One professional of the team, Anna, has no account at first,
 * gains one, moves, and loses it: the steps build on each other.
 */

const play = playConversation({
  settings: {
    BOT_LANGUAGE: 'nl',
    FHIR_DUE_INTERVAL_MS: '200',
    FHIR_PULL_INTERVAL_MS: '1000',
  },
});
const { step } = play;
let stack: Stack;
let network: CareNetwork;
let thread: Thread;
let anna: Practitioner & { id: string };
let annasGhost: string;
let persistence: TestingModule;
const accounts: MatrixUser[] = [];

@Global()
@Module({ providers: [Readiness], exports: [Readiness] })
class ReadinessModule {}

beforeAll(async () => {
  ({ stack, network, thread } = play.scene);
  const postgres = { url: stack.federation.databaseUrl, poolSize: 2 };
  persistence = await Test.createTestingModule({
    imports: [ReadinessModule, PersistenceModule.forRoot(postgres, { ghostPrefix: '_fhir_bridge_' })],
  }).compile();
  await persistence.init();
  await comparedOnce(stack.federation, places());
}, 60_000);

afterAll(async () => {
  await persistence?.close();
  await Promise.all(accounts.map((account) => account.stop()));
}, 30_000);

const places = () => [thread.spaceId, thread.roomId];
const observer = () => network.nurse.matrix;
const seen = (roomId: string, userId: string) => membershipIn(observer(), roomId, userId);

async function account(
  organisation: 'huisarts' | 'apotheek' | 'vvt',
  localpart: string,
): Promise<MatrixUser> {
  const { clientUrl, registerUser } = stack.federation.homeservers[organisation];
  const user = new MatrixUser(clientUrl, await registerUser(localpart, 'try-me-locally', localpart));
  await user.start();
  accounts.push(user);
  return user;
}

async function changeAnna(more: Partial<Practitioner>): Promise<void> {
  anna = { ...(await network.fhir.update<Practitioner>({ ...anna, ...more })), id: anna.id };
}

/** The care team says something new that changes nobody: everything that depends on it is reconciled. */
async function touchTeam(): Promise<void> {
  thread.team = (await network.fhir.update<CareTeam>({
    ...thread.team,
    name: `Team ${Date.now()}`,
  })) as Thread['team'];
}

async function isInvited(user: MatrixUser): Promise<void> {
  for (const place of places()) {
    await user.accept(place);
  }
}

async function isOut(userId: string): Promise<void> {
  for (const place of places())
    await until(`${userId} is out`, async () => (await seen(place, userId)).membership === 'leave');
}

async function ghostIsIn(): Promise<void> {
  for (const place of places())
    await until('the ghost is in', async () => (await seen(place, annasGhost)).membership === 'join');
}

describe('a ghost', () => {
  step(
    'has the name and role of its person in the configured language, their initials, and a device',
    async () => {
      anna = await network.fhir.create<Practitioner>({
        resourceType: 'Practitioner',
        name: [{ text: 'Anna Bakker' }],
      });
      const entry = participant(`Practitioner/${anna.id}`, roles.pharmacist);
      thread.team = (await network.fhir.update<CareTeam>({
        ...thread.team,
        participant: [...(thread.team.participant ?? []), entry],
      })) as Thread['team'];
      const member = await until('the ghost', async () =>
        (await observer().state(thread.roomId)).find(
          ({ type, content }) =>
            type === 'm.room.member' &&
            content.membership === 'join' &&
            content.displayname === 'Anna Bakker · apotheker',
        ),
      );
      annasGhost = member.state_key!;
      const [, server, media] = /^mxc:\/\/([^/]+)\/(.+)$/.exec(String(member.content.avatar_url)) ?? [];
      const picture = await fetch(
        `${observer().clientUrl}/_matrix/client/v1/media/download/${server}/${media}`,
        {
          headers: { authorization: `Bearer ${observer().account.accessToken}` },
        },
      );
      expect(picture.headers.get('content-type')).toBe('image/png');
      expect(
        Buffer.from(await picture.arrayBuffer())
          .subarray(1, 4)
          .toString(),
      ).toBe('PNG');
      const devices = await fetch(
        `${stack.environment.homeserverUrl}/_matrix/client/v3/devices?user_id=${encodeURIComponent(annasGhost)}`,
        { headers: { authorization: `Bearer ${stack.environment.asToken}` } },
      );
      expect(await devices.json()).toMatchObject({ devices: [{ device_id: 'FHIR_BRIDGE' }] });
    },
  );

  step('takes over a new name and new initials, though no care team changes', async () => {
    const before = await seen(thread.roomId, annasGhost);
    await changeAnna({ name: [{ text: 'Anna Smit' }] });
    for (const place of places()) {
      const after = await until('the new name', async () => {
        const member = await seen(place, annasGhost);
        // The homeserver brings one after the other into each Room.
        const isNew = member.avatar_url !== undefined && member.avatar_url !== before.avatar_url;
        return member.displayname === 'Anna Smit · apotheker' && isNew && member;
      });
      expect(after.avatar_url).toMatch(/^mxc:/);
    }
  });
});

describe('a message in a known Room', () => {
  step('costs one call to the homeserver', async () => {
    await writeInFhir(thread, 'Before it is counted.', undefined, [network.nurse]);
    // The new name is seen before the team's Space and Rooms are looked at for it.
    await emptyQueues(stack.federation.natsUrl);
    const calls = async () => {
      const text = await fetch(`${urlOf('room-manager', stack.environment)}/metrics`).then((answer) =>
        answer.text(),
      );
      const lines = text.matchAll(/^bridge_homeserver_calls_total\{operation="([^"]+)"[^}]*\} (\d+)$/gm);
      return new Map([...lines].map(([, operation, count]) => [operation!, Number(count)]));
    };
    const before = await calls();
    await writeInFhir(thread, 'It is counted.', undefined, [network.nurse]);
    await writeInFhir(thread, 'So is this.', undefined, [network.nurse]);
    const after = await calls();
    const made = [...after].map(([operation, count]) => [operation, count - (before.get(operation) ?? 0)]);
    expect(made.filter(([, count]) => count !== 0)).toEqual([['send a message', 2]]);
  });
});

describe('somebody without an account', () => {
  let first: MatrixUser;
  let second: MatrixUser;

  step(
    'is invited as themselves everywhere when they gain one, and their ghost leaves in its own name',
    async () => {
      first = await account('huisarts', 'a.smit');
      await changeAnna({ telecom: [matrixAccount(first.userId)] });
      await isInvited(first);
      await isOut(annasGhost);
      for (const place of places()) expect((await seen(place, annasGhost)).sender).toBe(annasGhost);
    },
  );

  step('is shown by their ghost once more when they write in FHIR, until the team changes', async () => {
    // Both the change of a person and the timer have their team looked at: the second time may come late, and would put
    // the ghost out again.
    await emptyQueues(stack.federation.natsUrl);
    const text = 'Written in the portal.';
    const { id: request } = thread.request;
    await network.fhir.create(
      communication(request, network.patient.id, thread.team.id, `Practitioner/${anna.id}`, text),
    );
    const said = await observer().waitForMessage(thread.roomId, text);
    expect(said.sender).toBe(annasGhost);
    expect((await seen(thread.roomId, annasGhost)).membership).toBe('join');
    await touchTeam();
    await isOut(annasGhost);
    expect((await seen(thread.roomId, first.userId)).membership).toBe('join');
  });

  step('is out under the old account and in under the new one everywhere when they move', async () => {
    second = await account('vvt', 'anna.smit');
    await changeAnna({
      telecom: [{ ...matrixAccount(first.userId), use: 'old' }, matrixAccount(second.userId)],
    });
    await isInvited(second);
    await isOut(first.userId);
    for (const place of places()) await first.waitFor('the removal', () => first.left.has(place));
  });

  step('is shown by their ghost again when they lose it', async () => {
    await changeAnna({ telecom: undefined });
    await isOut(second.userId);
    await ghostIsIn();
  });

  step(
    'has the account that an administrator gives them, whatever their resource says, until it is taken back',
    async () => {
      const overrides = persistence.get(AccountOverrideStore);
      const person = FhirRef.parse(`Practitioner/${anna.id}`);
      const given = await account('vvt', 'anna.given');
      await overrides.set(person, UserId.parse(given.userId), UserId.parse(network.nurse.matrix.userId));
      await isInvited(given);
      await isOut(annasGhost);
      await changeAnna({ name: [{ text: 'Anna Smit-Bakker' }], telecom: [matrixAccount(second.userId)] });
      await overrides.remove(person);
      await isOut(given.userId);
      // Had the resource won before, the second account would have been invited twice: it was out until now.
      await isInvited(second);
    },
  );
});

describe('a member whose homeserver is away', () => {
  step('keeps nobody else waiting, and is invited when it is back', async () => {
    const { fhir, nurse, gp, pharmacist, patient, carer } = network;
    const { process: apotheek } = stack.federation.homeservers.apotheek;
    await apotheek.stop();
    const from = performance.now();
    const known = new Set(places());
    const { id: team } = await fhir.create(teamOf(network));
    const space = await gp.matrix.waitFor('an invite to the other Space', () =>
      [...gp.matrix.invites.keys()].find((roomId) => !known.has(roomId)),
    );
    await gp.matrix.accept(space);
    await fhir.create(communicationRequest(patient.id, team, `RelatedPerson/${carer.id}`, 'Who is there?'));
    const room = await gp.matrix.waitFor('an invite to the other Room', () =>
      [...gp.matrix.invites.keys()].find((roomId) => roomId !== space && !known.has(roomId)),
    );
    await gp.matrix.accept(room);
    await nurse.matrix.accept(room);
    await meet(room, [gp.matrix, nurse.matrix]);
    await gp.matrix.say(room, 'I am.');
    await nurse.matrix.waitForMessage(room, 'I am.');
    const talkedAfterMs = performance.now() - from;
    expect((await membershipIn(nurse.matrix, room, pharmacist.matrix.userId)).membership).toBeUndefined();
    await apotheek.start();
    await pharmacist.matrix.waitForInvite(space);
    await pharmacist.matrix.accept(room);
    // An invite may take 20 s in the background: two of them, made one after the other, would have been waited for.
    expect(talkedAfterMs).toBeLessThan(20_000);
  });
});
