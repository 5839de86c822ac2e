import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CareTeam, CommunicationRequest } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import {
  careTeam,
  communication,
  communicationRequest,
  participant,
  patientWords,
  roles,
} from '../../deploy/local/src/example-data';
import { type MatrixUser, meet } from '../../deploy/local/src/matrix-user';
import type { CareNetwork, Professional } from '../../deploy/local/src/scenario/network';
import { type Thread, sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import type { Stack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { call, deleteRoom, invite, roomPath, setStateIn, stateIn, upgrade } from '../support/client-api';
import { withOtherSettings } from '../support/other-process';
import { deadLetterKinds, emptyQueues } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

let conversation: CareConversation;
let stack: Stack;
let network: CareNetwork;
let thread: Thread;
let bot: string;

beforeAll(async () => {
  conversation = await startCareConversation({
    settings: {
      BOT_LANGUAGE: 'nl',
      MATRIX_ROOM_RETENTION_DAYS: '365',
      MATRIX_RESYNC_INTERVAL_MS: '86400000',
    },
  });
  ({ stack, network, thread } = conversation);
  bot = `@_fhir_bridge_bot:${stack.environment.serverName}`;
}, 180_000);

afterAll(async () => {
  await conversation?.stop(outcomeOfSteps());
}, 60_000);

const reads = ({ matrix }: Professional, roomId: string, type: string, key?: string) =>
  stateIn(matrix, roomId, type, key);

/** Waits until the content of a piece of state is as expected; the failure shows what it is. */
async function waitForState(
  caller: MatrixUser,
  roomId: string,
  type: string,
  key: string,
  expected: (content: Record<string, unknown>) => boolean,
): Promise<void> {
  let content: Record<string, unknown> | undefined;
  try {
    await until(`${type} of ${roomId}`, async () => {
      content = await stateIn(caller, roomId, type, key);
      return content !== undefined && expected(content);
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; it is ${JSON.stringify(content)}`);
  }
}

const levelIs = (userId: string, level: number) => (content: Record<string, unknown>) =>
  (content.users as Record<string, number>)[userId] === level;

async function updateTeam(change: (team: CareTeam) => CareTeam): Promise<void> {
  thread.team = (await network.fhir.update<CareTeam>(change(thread.team))) as Thread['team'];
}

async function openConversation(text: string): Promise<Thread> {
  const { fhir, patient, carer } = network;
  const known = new Set([...network.nurse.matrix.events.map(({ room_id: id }) => id)]);
  const request = await fhir.create(
    communicationRequest(patient.id, thread.team.id, `RelatedPerson/${carer.id}`, text),
  );
  const roomId = await newRoom(network.nurse, known);
  for (const { matrix } of [network.gp, network.pharmacist]) {
    await matrix.accept(roomId);
  }
  await meet(roomId, [network.nurse.matrix, network.gp.matrix, network.pharmacist.matrix]);
  return { ...thread, request, roomId };
}

/** Joins the room to which somebody is invited and where they never were. */
async function newRoom({ matrix }: Professional, known: ReadonlySet<string>): Promise<string> {
  const { roomId } = await matrix.waitFor('an invite to another room', () =>
    [...matrix.invites.values()].find((each) => !known.has(each.roomId)),
  );
  await matrix.accept(roomId);
  return roomId;
}

const roomsOf = ({ matrix }: Professional) => new Set(matrix.events.map(({ room_id: id }) => id));

async function metric(name: string): Promise<number> {
  const text = await fetch(`${urlOf('room-manager', stack.environment)}/metrics`).then((answer) =>
    answer.text(),
  );
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('a Space and a Room', () => {
  step('say what they are bridged to, under both names of the event, with opaque ids alone', async () => {
    for (const roomId of [thread.spaceId, thread.roomId]) {
      const state = await network.gp.matrix.state(roomId);
      const info = state.filter(({ type }) => type === 'm.bridge' || type === 'uk.half-shot.bridge');
      expect(info.map(({ type }) => type).sort()).toEqual(['m.bridge', 'uk.half-shot.bridge']);
      expect(new Set(info.map(({ state_key }) => state_key)).size).toBe(1);
      for (const { content } of info) {
        expect(content).toEqual({
          bridgebot: bot,
          protocol: { id: 'fhir', displayname: 'FHIR' },
          network: { id: stack.environment.serverName, displayname: 'VVT De Linde' },
          channel: { id: expect.stringMatching(/^_fhir_bridge_[0-9a-f]{32}$/) as string },
        });
      }
      const text = JSON.stringify(info);
      expect(patientWords.filter((word) => text.includes(word))).toEqual([]);
    }
  });

  step('are open by invite alone, and can have members on other homeservers, as configured', async () => {
    for (const roomId of [thread.spaceId, thread.roomId]) {
      expect(await reads(network.gp, roomId, 'm.room.join_rules')).toEqual({ join_rule: 'invite' });
      expect(await reads(network.gp, roomId, 'm.room.create')).toMatchObject({ 'm.federate': true });
    }
  });

  step('are named in the configured language', async () => {
    const { fhir, carer, nurse, patient } = network;
    expect(await reads(nurse, thread.spaceId, 'm.room.name')).toEqual({ name: 'Zorgteam · VVT De Linde' });
    expect((await reads(nurse, thread.roomId, 'm.room.name'))?.name).toMatch(/^Gesprek · \d{4}-\d\d-\d\d$/);
    const known = roomsOf(nurse);
    const { partOf, ...alone } = communication(
      '-',
      patient.id,
      thread.team.id,
      `RelatedPerson/${carer.id}`,
      'To all.',
    );
    expect(partOf).toBeDefined();
    await fhir.create(alone);
    const general = await newRoom(nurse, known);
    expect(await reads(nurse, general, 'm.room.name')).toEqual({ name: 'Algemeen' });
    await nurse.matrix.waitForMessage(general, 'To all.');
  });

  step('a Room tells homeservers how long to keep its messages', async () => {
    expect(await reads(network.gp, thread.roomId, 'm.room.retention')).toEqual({
      max_lifetime: 365 * 86_400_000,
    });
  });

  step(
    'do not leave the homeserver where that is configured, and lose a retention rule that is taken back',
    async () => {
      const { fhir, nurse, physiotherapist, gp } = network;
      const other = { MATRIX_ROOM_FEDERATE: 'false' };
      await withOtherSettings(stack, 'room-manager', other, ['MATRIX_ROOM_RETENTION_DAYS'], async () => {
        const patient = await fhir.create({ resourceType: 'Patient' });
        const known = roomsOf(nurse);
        await fhir.create(
          careTeam(patient.id, [
            participant(`Practitioner/${nurse.resource.id}`, roles.careCoordinator),
            participant(`Practitioner/${physiotherapist.resource.id}`, roles.physiotherapist),
          ]),
        );
        const space = await newRoom(nurse, known);
        expect(await reads(nurse, space, 'm.room.create')).toMatchObject({ 'm.federate': false });
        await expect(invite(nurse.matrix, space, gp.matrix.userId)).rejects.toThrow('M_FORBIDDEN');
        // An invite to the same person at home is no matter: it is the homeserver that is refused.
        await updateTeam((team) => ({ ...team, name: 'Another name' }));
        await waitForState(
          nurse.matrix,
          thread.roomId,
          'm.room.retention',
          '',
          (content) => Object.keys(content).length === 0,
        );
      });
      await updateTeam((team) => ({ ...team, name: 'The name again' }));
      await waitForState(
        nurse.matrix,
        thread.roomId,
        'm.room.retention',
        '',
        ({ max_lifetime }) => max_lifetime !== undefined,
      );
    },
  );
});

describe('power levels', () => {
  const withGpAs = (role: (typeof roles)[keyof typeof roles]) => (team: CareTeam) => ({
    ...team,
    participant: team.participant?.map((each) =>
      each.member?.reference === `Practitioner/${network.gp.resource.id}`
        ? participant(each.member.reference, role)
        : each,
    ),
  });

  step('follow when a professional becomes lead in FHIR, and when they are not any more', async () => {
    const { gp, nurse } = network;
    for (const [role, level] of [
      [roles.careCoordinator, 100],
      [roles.generalPractitioner, 75],
    ] as const) {
      await updateTeam(withGpAs(role));
      for (const place of [thread.spaceId, thread.roomId]) {
        await waitForState(nurse.matrix, place, 'm.room.power_levels', '', levelIs(gp.matrix.userId, level));
      }
    }
  });

  for (const status of ['on-hold', 'completed'] as const) {
    step(
      `close a Room whose conversation is ${status} in FHIR, and open it when it is active again`,
      async () => {
        const { fhir, gp } = network;
        const setStatus = async (to: CommunicationRequest['status']): Promise<void> => {
          thread = {
            ...thread,
            request: (await fhir.update<CommunicationRequest>({
              ...thread.request,
              status: to,
            })) as Thread['request'],
          };
        };
        await setStatus(status);
        await waitForState(
          gp.matrix,
          thread.roomId,
          'm.room.power_levels',
          '',
          (content) => (content.events_default as number) > 100,
        );
        await expect(gp.matrix.say(thread.roomId, 'May I?')).rejects.toThrow('M_FORBIDDEN');
        await setStatus('active');
        await waitForState(
          gp.matrix,
          thread.roomId,
          'm.room.power_levels',
          '',
          ({ events_default }) => events_default === 25,
        );
        await sayInMatrix(thread, gp, `I may, after ${status}.`);
      },
    );
  }
});

describe('a Room that a lead replaces (m.room.tombstone)', () => {
  let replaced: Thread;
  let next: Thread;

  step('is followed by the bridge: both rooms say so, and the Space leads to the new one', async () => {
    const { nurse, gp, pharmacist } = network;
    replaced = await openConversation('Shall we move?');
    const newRoomId = await upgrade(nurse.matrix, replaced.roomId, { additional_creators: [bot] });
    next = { ...replaced, roomId: newRoomId };
    await invite(nurse.matrix, newRoomId, bot);
    expect(await reads(nurse, replaced.roomId, 'm.room.tombstone')).toMatchObject({
      replacement_room: newRoomId,
    });
    expect(await reads(nurse, newRoomId, 'm.room.create')).toMatchObject({
      predecessor: { room_id: replaced.roomId },
    });
    for (const { matrix } of [gp, pharmacist]) {
      await matrix.accept(newRoomId);
    }
    await waitForState(
      nurse.matrix,
      thread.spaceId,
      'm.space.child',
      newRoomId,
      ({ via }) => via !== undefined,
    );
    await waitForState(
      nurse.matrix,
      thread.spaceId,
      'm.space.child',
      replaced.roomId,
      ({ via }) => via === undefined,
    );
    await waitForState(
      nurse.matrix,
      newRoomId,
      'm.space.parent',
      thread.spaceId,
      ({ via }) => via !== undefined,
    );
    await waitForState(nurse.matrix, newRoomId, 'm.room.power_levels', '', levelIs(gp.matrix.userId, 75));
  });

  step('goes on both ways in the new one', async () => {
    const { gp } = network;
    const { recorded } = await sayInMatrix(next, gp, 'Said in the new room.');
    expect(recorded.partOf).toMatchObject([{ reference: `CommunicationRequest/${replaced.request.id}` }]);
    await writeInFhir(next, 'Written for the new room.');
  });

  step('is still recorded from when somebody says something in the old one', async () => {
    const { recorded } = await sayInMatrix(replaced, network.gp, 'I am late.');
    expect(recorded.partOf).toMatchObject([{ reference: `CommunicationRequest/${replaced.request.id}` }]);
  });
});

describe('a Room that is replaced by one in which the bot has no power', () => {
  let next: Thread;

  step('is followed as far as that goes, and who made the new one is asked for power, once', async () => {
    const { nurse, gp, pharmacist } = network;
    const before = await openConversation('Shall we move again?');
    const newRoomId = await upgrade(nurse.matrix, before.roomId);
    next = { ...before, roomId: newRoomId };
    await invite(nurse.matrix, newRoomId, bot);
    await waitForState(
      nurse.matrix,
      thread.spaceId,
      'm.space.child',
      newRoomId,
      ({ via }) => via !== undefined,
    );
    // The bot may not speak in the new one, so it speaks in the old one.
    const asks = ({ content, room_id }: { content: Record<string, unknown>; room_id: string }) =>
      room_id === before.roomId && content.msgtype === 'm.notice';
    await nurse.matrix.waitFor('the request', () => nurse.matrix.events.find(asks));
    for (const { matrix } of [gp, pharmacist]) {
      await invite(nurse.matrix, newRoomId, matrix.userId);
      await matrix.accept(newRoomId);
    }
    await sayInMatrix(next, gp, 'Recorded all the same.');
    await updateTeam((team) => ({ ...team, name: 'Has it reconciled again' }));
    await sayInMatrix(next, gp, 'And again.');
    expect(nurse.matrix.events.filter(asks)).toHaveLength(1);
  });

  step('is brought in order when the bot has been given power', async () => {
    const { nurse, gp } = network;
    const levels = await reads(nurse, next.roomId, 'm.room.power_levels');
    await setStateIn(nurse.matrix, next.roomId, 'm.room.power_levels', '', {
      ...levels,
      users: { ...(levels?.users as object), [bot]: 100 },
    });
    await updateTeam((team) => ({ ...team, name: 'Has it reconciled once more' }));
    await waitForState(
      nurse.matrix,
      next.roomId,
      'm.space.parent',
      thread.spaceId,
      ({ via }) => via !== undefined,
    );
    await waitForState(nurse.matrix, next.roomId, 'm.room.power_levels', '', levelIs(gp.matrix.userId, 75));
    await writeInFhir(next, 'Written where the bot has power now.');
  });

  step('is closed when the bot is removed from it, and made again with the next message', async () => {
    const { nurse, gp, pharmacist, fhir, patient, carer } = network;
    const lost = await metric('bridge_rooms_lost_total');
    await call(nurse.matrix, 'POST', `${roomPath(next.roomId)}/kick`, { user_id: bot });
    await until('the loss to be noticed', async () => (await metric('bridge_rooms_lost_total')) === lost + 1);
    const known = roomsOf(nurse);
    await fhir.create(
      communication(
        next.request.id,
        patient.id,
        thread.team.id,
        `RelatedPerson/${carer.id}`,
        'Where are you?',
      ),
    );
    const again = await newRoom(nurse, known);
    for (const { matrix } of [gp, pharmacist]) {
      await matrix.accept(again);
    }
    await until('the message', async () =>
      (await nurse.matrix.history(again)).some(({ content }) => content.body === 'Where are you?'),
    );
    await sayInMatrix({ ...next, roomId: again }, gp, 'Here.');
  });
});

describe('a tombstone that the other room does not confirm', () => {
  step('changes nothing', async () => {
    const { nurse, gp } = network;
    const place = await openConversation('Shall we not move?');
    const elsewhere = await nurse.matrix.createRoom([bot]);
    await setStateIn(nurse.matrix, place.roomId, 'm.room.tombstone', '', {
      body: '',
      replacement_room: elsewhere,
    });
    await sayInMatrix(place, gp, 'Still here.');
    await writeInFhir(place, 'Still written here.');
    await updateTeam((team) => ({ ...team, name: 'Reconciled with a tombstone' }));
    await writeInFhir(place, 'And here.');
    const said = (await nurse.matrix.history(elsewhere)).filter(({ type }) => type === 'm.room.message');
    // With the bot alone there, its maker is greeted as in any direct chat.
    expect(said.filter(({ content }) => content.msgtype !== 'm.notice')).toEqual([]);
  });
});

describe('a Space that a lead replaces', () => {
  step('is followed, with its Rooms and members', async () => {
    const { nurse, gp, pharmacist } = network;
    const before = thread.spaceId;
    const after = await upgrade(nurse.matrix, before, { additional_creators: [bot] });
    await invite(nurse.matrix, after, bot);
    for (const { matrix } of [gp, pharmacist]) {
      await matrix.accept(after);
    }
    await waitForState(nurse.matrix, thread.roomId, 'm.space.parent', after, ({ via }) => via !== undefined);
    await waitForState(nurse.matrix, thread.roomId, 'm.space.parent', before, ({ via }) => via === undefined);
    await waitForState(nurse.matrix, after, 'm.space.child', thread.roomId, ({ via }) => via !== undefined);
    thread = { ...thread, spaceId: after };
    const opened = await openConversation('In the new Space.');
    await waitForState(nurse.matrix, after, 'm.space.child', opened.roomId, ({ via }) => via !== undefined);
  });
});

describe('what an administrator of the homeserver deletes', () => {
  let admin: { clientUrl: string; account: { accessToken: string } };

  beforeAll(async () => {
    const { vvt } = stack.federation.homeservers;
    admin = { clientUrl: vvt.clientUrl, account: await vvt.registerAdmin('root', 'try-me-locally') };
  });

  /** What the bridge does in a Room meanwhile can make Synapse fail to delete it (FOREIGN KEY constraint failed). */
  async function deleteAtRest(roomId: string): Promise<void> {
    await emptyQueues(stack.federation.natsUrl);
    await deleteRoom(admin, roomId);
  }

  step(
    'a Room is made again with the next message, its members are invited again, and operators are told',
    async () => {
      const { nurse, gp, fhir, patient, carer } = network;
      const place = await openConversation('Who deletes this?');
      const lost = await metric('bridge_rooms_lost_total');
      const known = roomsOf(nurse);
      await deleteAtRest(place.roomId);
      await fhir.create(
        communication(
          place.request.id,
          patient.id,
          thread.team.id,
          `RelatedPerson/${carer.id}`,
          'Is anybody there?',
        ),
      );
      const again = await newRoom(nurse, known);
      await until('the message', async () =>
        (await nurse.matrix.history(again)).some(({ content }) => content.body === 'Is anybody there?'),
      );
      await gp.matrix.accept(again);
      await sayInMatrix({ ...place, roomId: again }, gp, 'All of us.');
      await waitForState(
        nurse.matrix,
        thread.spaceId,
        'm.space.child',
        again,
        ({ via }) => via !== undefined,
      );
      expect(await metric('bridge_rooms_lost_total')).toBe(lost + 1);
      const log = readFileSync(join(stack.environment.logDirectory, 'room-manager.log'), 'utf8');
      expect(log).toContain(`The room of CommunicationRequest/${place.request.id} is gone`);
    },
  );

  step('a Space is made again, with its Rooms and members', async () => {
    const { nurse, gp } = network;
    const known = roomsOf(nurse);
    const before = thread.spaceId;
    await deleteAtRest(before);
    await updateTeam((team) => ({ ...team, name: 'A name after the deletion' }));
    const after = await newRoom(nurse, known);
    expect(await reads(nurse, after, 'm.room.create')).toMatchObject({ type: 'm.space' });
    await gp.matrix.waitForInvite(after);
    await waitForState(nurse.matrix, after, 'm.space.child', thread.roomId, ({ via }) => via !== undefined);
    await waitForState(nurse.matrix, thread.roomId, 'm.space.parent', after, ({ via }) => via !== undefined);
    await waitForState(nurse.matrix, thread.roomId, 'm.space.parent', before, ({ via }) => via === undefined);
    thread = { ...thread, spaceId: after };
  });
});

describe('the dead letters', () => {
  step('are empty: nothing in all of this was given up', async () => {
    expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
  });
});
