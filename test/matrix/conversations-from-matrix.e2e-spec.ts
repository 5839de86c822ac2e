import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CareTeam, CommunicationRequest, Patient, RelatedPerson } from '@medplum/fhirtypes';
import { careTeam, matrixAccount, participant, roles } from '../../deploy/local/src/example-data';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { recordOf, sayInMatrix } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { answersTo, ask } from '../support/bot-talk';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { type Caller, call } from '../support/client-api';
import { queryDatabase } from '../support/database';
import { emptyQueues, deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';
import { publishTo } from '../support/work-queue';

/*
 * Conversations that people open and close in Matrix, and what the record holds of them. In the care team are the GP
 * (huisarts), the pharmacist (apotheek), the nurse (vvt), and the patient's sister (vvt), who is a related person.
 */

let care: CareConversation;
let nurse: MatrixUser;
let gp: MatrixUser;
let pharmacist: MatrixUser;
let sister: MatrixUser;
let bot: string;

beforeAll(async () => {
  care = await startCareConversation();
  const { network, thread, stack } = care;
  nurse = network.nurse.matrix;
  gp = network.gp.matrix;
  pharmacist = network.pharmacist.matrix;
  bot = `@_fhir_bridge_bot:${stack.environment.serverName}`;
  const { clientUrl, registerUser } = stack.federation.homeservers.vvt;
  sister = new MatrixUser(clientUrl, await registerUser('m.oosterhuis', 'try-me-locally', 'Marijke'));
  await sister.start();
  const relative = await network.fhir.create<RelatedPerson>({
    resourceType: 'RelatedPerson',
    patient: { reference: `Patient/${network.patient.id}` },
    telecom: [matrixAccount(sister.userId)],
  });
  thread.team = await network.fhir.update<CareTeam & { id: string }>({
    ...thread.team,
    participant: [
      ...(thread.team.participant ?? []),
      participant(`RelatedPerson/${relative.id}`, roles.informalCarer),
    ],
  });
  await sister.accept(thread.roomId);
}, 180_000);

afterAll(async () => {
  await sister?.stop();
  await care?.stop(outcomeOfSteps());
}, 30_000);

const bridge = (): Caller => {
  const { homeserverUrl: clientUrl, asToken: accessToken } = care.stack.environment;
  return { clientUrl, account: { accessToken } };
};

const requestsOf = (system: string, value: string) =>
  care.network.fhir.search<CommunicationRequest>('CommunicationRequest', {
    identifier: `https://matrix.org/${system}|${value}`,
  });

/** Opens a conversation and reads its record and its Room, which the notice links to. */
async function open(who: MatrixUser, roomId: string, command: string) {
  const { eventId, body } = await ask(who, roomId, command);
  const link = /https:\/\/matrix\.to\/#\/([^?\s]+)\?via=/.exec(body);
  const requests = await requestsOf('event-id', eventId);
  expect(requests).toHaveLength(1);
  return { eventId, body, roomId: decodeURIComponent(link?.[1] ?? ''), request: requests[0]! };
}

async function directChat(who: MatrixUser): Promise<string> {
  const roomId = await who.createRoom([bot], { is_direct: true });
  await who.waitFor('the greeting', () =>
    who.events.find(
      ({ room_id, sender, type }) => room_id === roomId && sender === bot && type === 'm.room.message',
    ),
  );
  return roomId;
}

describe('a conversation that is opened with `new`', () => {
  let opened: Awaited<ReturnType<typeof open>>;

  step('in a Room becomes a CommunicationRequest with requester, recipients, subject and topic', async () => {
    const { network, thread } = care;
    opened = await open(gp, thread.roomId, '!care new "Wound on the heel"');
    expect(opened.body).toContain('The conversation is open: https://matrix.to/#/');
    expect(opened.request).toMatchObject({
      status: 'active',
      meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }] },
      subject: { reference: `Patient/${network.patient.id}` },
      requester: { reference: `Practitioner/${network.gp.resource.id}` },
      sender: { reference: `Practitioner/${network.gp.resource.id}` },
      recipient: [{ reference: `CareTeam/${thread.team.id}` }],
      reasonCode: [{ text: 'Wound on the heel' }],
    });
    expect(Date.now() - Date.parse(opened.request.authoredOn!)).toBeLessThan(90_000);
  });

  step(
    'has a Room in the Space, to which the whole care team is invited, and no topic in its state',
    async () => {
      for (const member of [nurse, gp, pharmacist]) {
        await member.accept(opened.roomId);
      }
      await sister.waitForInvite(opened.roomId);
      const space = await nurse.state(care.thread.spaceId);
      const child = space.find(
        ({ type, state_key }) => type === 'm.space.child' && state_key === opened.roomId,
      );
      expect(child?.content).toHaveProperty('via');
      const room = await nurse.state(opened.roomId);
      expect(JSON.stringify(room)).not.toContain('heel');
    },
  );

  step('is a conversation like any other: what is said in it is recorded', async () => {
    const { request, roomId } = opened;
    const thread = { ...care.thread, roomId };
    const { recorded } = await sayInMatrix(thread, care.network.pharmacist, 'I bring new bandages.');
    expect(recorded).toMatchObject({
      partOf: [{ reference: `CommunicationRequest/${request.id}` }],
      sender: { reference: `Practitioner/${care.network.pharmacist.resource.id}` },
      subject: { reference: `Patient/${care.network.patient.id}` },
      recipient: [{ reference: `CareTeam/${care.thread.team.id}` }],
    });
  });

  step('can be opened in the Space', async () => {
    const { request } = await open(nurse, care.thread.spaceId, '!care new Holiday');
    expect(request.requester).toMatchObject({ reference: `Practitioner/${care.network.nurse.resource.id}` });
    expect(request.recipient).toMatchObject([{ reference: `CareTeam/${care.thread.team.id}` }]);
  });

  step('can be opened in a direct chat, in the only care team of that person', async () => {
    const { request } = await open(pharmacist, await directChat(pharmacist), 'new „Neue Tabletten“');
    expect(request).toMatchObject({
      requester: { reference: `Practitioner/${care.network.pharmacist.resource.id}` },
      recipient: [{ reference: `CareTeam/${care.thread.team.id}` }],
      subject: { reference: `Patient/${care.network.patient.id}` },
      reasonCode: [{ text: 'Neue Tabletten' }],
    });
  });

  step('is opened once, however often the command comes', async () => {
    const { eventId, request } = await open(gp, care.thread.roomId, '!care new Once');
    const again = { careTeam: `CareTeam/${care.thread.team.id}`, requester: gp.userId, identifier: eventId };
    await publishTo(care.stack.federation.natsUrl, 'mapping.0.conversation.start', again);
    // Worked on, whatever came of it.
    await emptyQueues(care.stack.federation.natsUrl);
    expect(await requestsOf('event-id', eventId)).toEqual([request]);
  });

  step('is opened by nobody whom the record does not know, and nothing is made then', async () => {
    const stranger = care.network.physiotherapist.matrix;
    const roomId = await directChat(stranger);
    const { eventId, body } = await ask(stranger, roomId, 'new Let me in');
    expect(body).toBe('The record does not know you as a member of this care team.');
    expect(await requestsOf('event-id', eventId)).toEqual([]);
  });

  step('asks for a Room of the care team where somebody belongs to several', async () => {
    const { fhir, gp: doctor } = care.network;
    const other = await fhir.create<Patient>({ resourceType: 'Patient' });
    const team = await fhir.create(
      careTeam(other.id, [participant(`Practitioner/${doctor.resource.id}`, roles.generalPractitioner)]),
    );
    const chat = await directChat(gp);
    await until('the second care team', async () => {
      const { body } = await ask(gp, chat, 'status');
      return body.includes(`CareTeam/${team.id}`);
    });
    const { eventId, body } = await ask(gp, chat, 'new Which one?');
    expect(body).toBe('You belong to several care teams: please say that in a room of the one you mean.');
    expect(await requestsOf('event-id', eventId)).toEqual([]);
  });
});

describe('a conversation that is closed with `archive`', () => {
  step('stays open when a related person asks for it', async () => {
    const { body } = await ask(sister, care.thread.roomId, '!care archive');
    expect(body).toBe('Only professionals of the care team may close a conversation.');
    const request = await care.network.fhir.read<CommunicationRequest>(
      'CommunicationRequest',
      care.thread.request.id,
    );
    expect(request.status).toBe('active');
  });

  step('is completed in FHIR when a professional asks for it, and its Room read-only', async () => {
    const { roomId, request } = care.thread;
    const { eventId, body } = await ask(gp, roomId, '!care archive');
    expect(body).toBe('The conversation is closed.');
    expect(answersTo(gp, eventId)).toHaveLength(1);
    const closed = await care.network.fhir.read<CommunicationRequest>('CommunicationRequest', request.id);
    expect(closed).toMatchObject({ status: 'completed', requester: request.requester });
    await until('the Room to be read-only', async () => {
      const levels = (await nurse.state(roomId)).find(({ type }) => type === 'm.room.power_levels');
      return Number(levels?.content.events_default) > 100;
    });
    await expect(nurse.say(roomId, 'One more thing.')).rejects.toThrow('M_FORBIDDEN');
  });
});

describe('a conversation that begins with a Room made in Matrix', () => {
  step('is recorded with that Room, and gets no other', async () => {
    const { fhir } = care.network;
    const powers = { users: { [bot]: 101 } };
    const roomId = await gp.createRoom([bot], { power_level_content_override: powers });
    // On its own homeserver: the GP's has seen it come in before.
    await until('the bot', async () => {
      const path = `/_matrix/client/v3/joined_rooms?user_id=${encodeURIComponent(bot)}`;
      return (await call<{ joined_rooms: string[] }>(bridge(), 'GET', path)).joined_rooms.includes(roomId);
    });
    const start = {
      careTeam: `CareTeam/${care.thread.team.id}`,
      requester: gp.userId,
      identifier: roomId,
      roomId,
    };
    await publishTo(care.stack.federation.natsUrl, 'mapping.0.conversation.start', start);
    const request = await until('the request', async () => (await requestsOf('room-id', roomId))[0]);
    expect(request.requester).toMatchObject({ reference: `Practitioner/${care.network.gp.resource.id}` });
    await pharmacist.waitForInvite(roomId);
    const { eventId } = await gp.say(roomId, 'I made this room myself.');
    expect(await recordOf(care.network, eventId)).toMatchObject({
      partOf: [{ reference: `CommunicationRequest/${request.id}` }],
    });
    // A change of it comes through the pull, after which it still has its one Room.
    await fhir.update<CommunicationRequest>({ ...request, status: 'on-hold' });
    await until('the pull', async () => (await roomsOf(request.id!))[0]?.open === false);
    expect(await roomsOf(request.id!)).toEqual([{ room_id: roomId, adopted: true, open: false }]);
  });
});

describe('after all of this', () => {
  step('the homeserver was asked nothing that it has no answer to', () => {
    const log = readFileSync(join(care.stack.federation.logDirectory, 'vvt.log'), 'utf8');
    expect(log.match(/Failed handle request via '\w+'/g)).toBeNull();
    return Promise.resolve();
  });

  step('the dead letters are empty', async () => {
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
  });
});

async function roomsOf(requestId: string) {
  const query = 'SELECT room_id, adopted, open FROM conversation_room WHERE conversation = $1';
  return queryDatabase(care.stack.federation.databaseUrl, query, [`CommunicationRequest/${requestId}`]);
}
