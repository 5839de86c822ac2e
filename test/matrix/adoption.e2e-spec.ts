import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { communication } from '../../deploy/local/src/example-data';
import type { CareNetwork, Professional } from '../../deploy/local/src/scenario/network';
import { type Thread, recordOf, sayInMatrix } from '../../deploy/local/src/scenario/play';
import type { Stack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { call, invite, setStateIn, stateIn } from '../support/client-api';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

let care: CareConversation;
let stack: Stack;
let network: CareNetwork;
let thread: Thread;
let bot: string;

beforeAll(async () => {
  care = await startCareConversation({ settings: { MATRIX_RESYNC_INTERVAL_MS: '2000' } });
  ({ stack, network, thread } = care);
  bot = `@_fhir_bridge_bot:${stack.environment.serverName}`;
}, 180_000);

afterAll(async () => {
  await care?.stop(outcomeOfSteps());
}, 60_000);

async function makeRoom({ matrix }: Professional, more: object): Promise<string> {
  const body = { preset: 'private_chat', ...more };
  const answer = await call<{ room_id: string }>(matrix, 'POST', '/_matrix/client/v3/createRoom', body);
  return answer.room_id;
}

async function putIntoSpace({ matrix, organisation }: Professional, roomId: string): Promise<void> {
  const via = [stack.federation.homeservers[organisation].serverName];
  await setStateIn(matrix, thread.spaceId, 'm.space.child', roomId, { via });
}

async function requestsFor(roomId: string): Promise<CommunicationRequest[]> {
  const identifier = `https://matrix.org/room-id|${roomId}`;
  return network.fhir.search<CommunicationRequest>('CommunicationRequest', { identifier });
}

async function requestFor(roomId: string): Promise<CommunicationRequest & { id: string }> {
  return until(`the request for ${roomId}`, async () => {
    const [request] = await requestsFor(roomId);
    return request as (CommunicationRequest & { id: string }) | undefined;
  });
}

async function joins({ matrix }: Professional, roomId: string): Promise<void> {
  await matrix.accept(roomId);
}

/** Written by the carer in FHIR, into a conversation. */
async function write(request: CommunicationRequest & { id: string }, text: string): Promise<void> {
  const { fhir, carer, patient } = network;
  await fhir.create(communication(request.id, patient.id, thread.team.id, `RelatedPerson/${carer.id}`, text));
}

describe('a Room that a professional on another homeserver makes for the members of the Space', () => {
  const name = 'Wound of mevrouw Oosterhuis';
  let roomId: string;
  let request: CommunicationRequest & { id: string };

  step('becomes a conversation in FHIR, of the right requester, recipients and subject', async () => {
    const { gp, patient } = network;
    const allow = [{ type: 'm.room_membership', room_id: thread.spaceId }];
    roomId = await makeRoom(gp, {
      name,
      initial_state: [{ type: 'm.room.join_rules', content: { join_rule: 'restricted', allow } }],
    });
    await putIntoSpace(gp, roomId);
    request = await requestFor(roomId);
    expect(request).toMatchObject({
      status: 'active',
      requester: { reference: `Practitioner/${gp.resource.id}` },
      recipient: [{ reference: `CareTeam/${thread.team.id}` }],
      subject: { reference: `Patient/${patient.id}` },
    });
    expect(JSON.stringify(request)).toContain(name);
  });

  step('brings the members of the care team into the Room, and keeps its name', async () => {
    const { gp, nurse, pharmacist } = network;
    await joins(nurse, roomId);
    await joins(pharmacist, roomId);
    expect(await stateIn(gp.matrix, roomId, 'm.room.name')).toEqual({ name });
  });

  step('is recorded, and written to from FHIR', async () => {
    const { gp, nurse } = network;
    const { recorded } = await sayInMatrix({ ...thread, request, roomId }, nurse, 'I saw it.');
    expect(recorded.partOf).toMatchObject([{ reference: `CommunicationRequest/${request.id}` }]);
    await write(request, 'How does it look?');
    for (const { matrix } of [gp, nurse]) await matrix.waitForMessage(roomId, 'How does it look?');
  });

  step('asks its maker, once, for the power that the bot lacks', async () => {
    const { gp } = network;
    const notices = () =>
      gp.matrix.events.filter(({ room_id, content }) => room_id === roomId && content.msgtype === 'm.notice');
    await gp.matrix.waitFor('the request', () => notices()[0]);
    await write(request, 'And now?');
    await gp.matrix.waitForMessage(roomId, 'And now?');
    expect(notices()).toHaveLength(1);
  });

  step('is one conversation, with one Room', async () => {
    expect(await requestsFor(roomId)).toHaveLength(1);
    expect([...network.nurse.matrix.invites.keys()]).toEqual([]);
  });
});

describe('a private Room to which its maker invites the bot', () => {
  step(
    'becomes a conversation with all that was said in it before; with power it is kept as any other',
    async () => {
      const { nurse, gp } = network;
      const roomId = await makeRoom(nurse, { power_level_content_override: { users: { [bot]: 100 } } });
      const { eventId } = await nurse.matrix.say(roomId, 'Said before the bot came.');
      await putIntoSpace(nurse, roomId);
      await invite(nurse.matrix, roomId, bot);
      const request = await requestFor(roomId);
      expect(request.requester).toMatchObject({ reference: `Practitioner/${nurse.resource.id}` });
      await joins(gp, roomId);
      await sayInMatrix({ ...thread, request, roomId }, gp, 'Said after it came.');
      const before = await recordOf(network, eventId);
      expect(before.partOf).toMatchObject([{ reference: `CommunicationRequest/${request.id}` }]);
      const bridged = await until('the state', async () =>
        (await nurse.matrix.state(roomId)).find(({ type }) => type === 'm.bridge'),
      );
      expect(bridged.content).toMatchObject({ bridgebot: bot });
      expect(await stateIn(nurse.matrix, roomId, 'm.space.parent', thread.spaceId)).toMatchObject({
        canonical: true,
      });
    },
  );
});

describe('a Room that somebody makes who is in no care team', () => {
  step('is declined with a notice, and nothing of it is recorded', async () => {
    const { physiotherapist, nurse, fhir } = network;
    const { vvt } = stack.federation.homeservers;
    const roomId = await makeRoom(physiotherapist, {
      initial_state: [
        {
          type: 'm.space.parent',
          state_key: thread.spaceId,
          content: { via: [vvt.serverName], canonical: true },
        },
      ],
    });
    await invite(physiotherapist.matrix, roomId, bot);
    const { matrix } = physiotherapist;
    await matrix.waitFor('the notice', () =>
      matrix.events.find(({ room_id, content }) => room_id === roomId && content.msgtype === 'm.notice'),
    );
    await until(
      'the bot to leave',
      async () => (await stateIn(matrix, roomId, 'm.room.member', bot))?.membership === 'leave',
    );
    const { eventId } = await matrix.say(roomId, 'Nobody records this.');
    await sayInMatrix(thread, nurse, 'This is recorded.');
    expect(await requestsFor(roomId)).toEqual([]);
    const identifier = `https://matrix.org/event-id|${eventId}`;
    expect(await fhir.search<Communication>('Communication', { identifier })).toEqual([]);
  });
});

describe('the dead letters', () => {
  step('are empty', async () => {
    expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
  });
});
