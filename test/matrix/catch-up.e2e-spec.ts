import type { Communication } from '@medplum/fhirtypes';
import { connect } from 'nats';
import { listensOn } from '../../deploy/local/src/port-probe';
import { eventIdOf } from '../../deploy/local/src/scenario/verify';
import { communicationRequest } from '../../deploy/local/src/example-data';
import { until } from '../../deploy/local/src/until';
import { ApplicationServiceStub } from '../support/application-service-stub';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { wakeHomeserver } from '../support/client-api';
import { queryDatabase } from '../support/database';
import { outcomeOfSteps, step } from '../support/step';
import { publishTo } from '../support/work-queue';

/** So many that what a start costs, which is the same for few, is little of it. */
const events = 1_000;
/** What else the machine does between the two measurements of a round is not the bridge's: the best of these counts. */
const mostRounds = 3;

let care: CareConversation;

beforeAll(async () => {
  care = await startCareConversation({ settings: { MATRIX_RESYNC_INTERVAL_MS: '86400000' } });
}, 180_000);

afterAll(() => care?.stop(outcomeOfSteps()), 60_000);

/** Opens a second conversation. @returns its Room, which the nurse is in */
async function openConversation(): Promise<string> {
  const { network, thread } = care;
  const { fhir, nurse, carer, patient } = network;
  await fhir.create(
    communicationRequest(patient.id, thread.team.id, `RelatedPerson/${carer.id}`, 'For the stub.'),
  );
  const { roomId } = await nurse.matrix.waitFor('an invite to the second Room', () =>
    [...nurse.matrix.invites.values()].find(
      ({ roomId }) => roomId !== thread.roomId && roomId !== thread.spaceId,
    ),
  );
  await nurse.matrix.accept(roomId);
  return roomId;
}

/** Says so many things while nothing listens. @returns their event ids, in the order in which they were said */
async function sayUnheard(roomId: string): Promise<string[]> {
  const said: string[] = [];
  for (let index = 0; index < events; index++) {
    said.push((await care.network.nurse.matrix.say(roomId, `Unheard ${index}`)).eventId);
  }
  return said;
}

/** @returns milliseconds from when the stub listens until it has all that was said */
async function measureStub(roomId: string): Promise<number> {
  const said = await sayUnheard(roomId);
  const stub = await ApplicationServiceStub.start(care.stack.environment.ports['as-ingress']);
  try {
    const from = performance.now();
    await wakeHomeserver(care.stack.environment);
    const isReplayed = () => Promise.resolve(said.every((id) => stub.seen.has(id)));
    await until('the replay to the stub', isReplayed, 120_000);
    return performance.now() - from;
  } finally {
    await stub.stop();
  }
}

/** Has a Room compared with what arrived, as each is once in a while, and waits until it is. */
async function compared(roomId: string): Promise<void> {
  const { natsUrl, databaseUrl } = care.stack.federation;
  await publishTo(natsUrl, 'rooms.32.command.resync-room', { roomId });
  const query = `SELECT 1 FROM room_checkpoint WHERE room_id = $1 AND event_id <> ''`;
  await until('the comparison', async () => (await queryDatabase(databaseUrl, query, [roomId])).length === 1);
}

/** Sees each event as it is put on the queue. */
async function watchQueue(): Promise<{
  readonly arrived: Set<string>;
  untilStored(eventId: string): Promise<void>;
  stop(): Promise<void>;
}> {
  const connection = await connect({ servers: care.stack.federation.natsUrl });
  const arrived = new Set<string>();
  let subject = '';
  connection.subscribe('mapping.*.matrix.m.room.message', {
    callback: (_error, message) => {
      subject = message.subject;
      arrived.add(message.json<{ event_id: string }>().event_id);
    },
  });
  await connection.flush();
  return {
    arrived,
    // A stream takes what it is given in order: once it says that it had this one, it has all before it.
    untilStored: async (eventId) => {
      const msgID = `matrix.m.room.message:${eventId}`;
      expect(await connection.jetstream().publish(subject, '{}', { msgID })).toMatchObject({
        duplicate: true,
      });
    },
    stop: () => connection.close(),
  };
}

async function untilRecorded(eventId: string): Promise<void> {
  const identifier = `https://matrix.org/event-id|${eventId}`;
  const isRecorded = async () => (await care.network.fhir.search('Communication', { identifier })).length > 0;
  await until('the last event in the record', isRecorded, 120_000);
}

async function recorded(): Promise<Communication[]> {
  const { network, thread } = care;
  return network.fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${thread.request.id}`,
  });
}

/**
 * The numbers of what the stub took are missing to the bridge, which has the next transaction repeated for that: not what is
 * measured here.
 */
async function hearAgain(roomId: string): Promise<void> {
  const ingress = care.stack.bridge['as-ingress'];
  await ingress.start();
  const { eventId } = await care.network.nurse.matrix.say(roomId, 'Heard again');
  await untilRecorded(eventId);
  await ingress.stop();
}

/** One outage for the stub and one for the bridge, each of so many events. */
async function round(stubRoom: string): Promise<{ said: string[]; stubMs: number; bridgeMs: number }> {
  const { stack, thread } = care;
  const ingress = stack.bridge['as-ingress'];
  await ingress.stop();
  const stubMs = await measureStub(stubRoom);
  await hearAgain(stubRoom);
  const said = await sayUnheard(thread.roomId);
  const queue = await watchQueue();
  const started = ingress.start();
  await until('the bridge to listen', () => listensOn(stack.environment.ports['as-ingress']));
  const from = performance.now();
  await until('all on the queue', () => Promise.resolve(said.every((id) => queue.arrived.has(id))), 120_000);
  await queue.untilStored(said.at(-1)!);
  const bridgeMs = performance.now() - from;
  await Promise.all([started, queue.stop()]);
  return { said, stubMs, bridgeMs };
}

describe(`${events} events that were said while the bridge could not be reached`, () => {
  const said: string[] = [];

  step(
    'are stored in at most 1.2 times what Synapse needs to replay them to a stub that answers at once',
    async () => {
      const stubRoom = await openConversation();
      await compared(care.thread.roomId);
      const ratios: number[] = [];
      while (ratios.length < mostRounds && !ratios.some((ratio) => ratio <= 1.2)) {
        const { said: heard, stubMs, bridgeMs } = await round(stubRoom);
        said.push(...heard);
        ratios.push(bridgeMs / stubMs);
        process.stdout.write(
          `${events} events: stub ${Math.round(stubMs)} ms, bridge ${Math.round(bridgeMs)} ms, ratio ${ratios.at(-1)!.toFixed(2)}\n`,
        );
        await untilRecorded(heard.at(-1)!);
      }
      expect(Math.min(...ratios)).toBeLessThanOrEqual(1.2);
    },
    400_000,
  );

  step('are in the record in order, exactly once', async () => {
    const inOrder = (await recorded())
      .filter((record) => said.includes(eventIdOf(record) ?? ''))
      .sort((a, b) => (a.meta!.lastUpdated! < b.meta!.lastUpdated! ? -1 : 1))
      .map(eventIdOf);
    expect(said.length % events).toBe(0);
    expect(said.length).toBeGreaterThan(0);
    expect(inOrder).toEqual(said);
  });
});
