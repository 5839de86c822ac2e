import { randomUUID } from 'node:crypto';
import { until } from '../../../deploy/local/src/until';
import { ApplicationServiceStub } from '../../support/application-service-stub';
import { wakeHomeserver } from '../../support/client-api';
import type { Bench, Benchmark } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import type { Care } from '../care';
import { inLanes } from '../measure/lanes';
import { rateOf } from '../measure/rounds';
import type { Figure } from '../report/result';

/** Of the bridge's events so many are enough to know how fast the homeserver replays: each costs it the same. */
const stubShare = 0.1;
const patienceMs = 1_800_000;

export const catchUp: Benchmark = {
  name: 'catch-up',
  about: 'events that were said while the bridge was away, beside the homeserver alone',
  async run({ events, servers: start }: Bench): Promise<Figure[]> {
    const servers = await start();
    const care = await servers.care();
    const ingress = servers.stack.bridge['as-ingress'];
    await servers.quiet();
    await ingress.stop();
    const stubEvents = Math.ceil(events * stubShare);
    const replay = await replayToStub(servers, care, stubEvents);
    await hearAgain(servers, care);
    const before = await servers.count('message_link');
    const arrived = new Set<string>();
    // From now on: a comparison can bring some of it while the ingress is away.
    const subscription = servers.nats.subscribe('mapping.*.matrix.m.room.message', {
      callback: (_error, message) => arrived.add(message.json<{ event_id: string }>().event_id),
    });
    await servers.nats.flush();
    const said = await sayUnheard(care, events);
    // Its start is a figure of its own.
    await ingress.start();
    const stored = await rateOf(events, () =>
      until('all on the queue', () => Promise.resolve(said.every((id) => arrived.has(id))), patienceMs),
    );
    subscription.unsubscribe();
    const recorded = await rateOf(events, () =>
      until('all in the record', () => areRecorded(servers, said, { before, stubEvents }), patienceMs),
    );
    return [
      {
        name: `catch-up: ${events} events stored, beside the homeserver's own replay`,
        unit: 'events/s',
        ours: stored,
        limit: replay,
      },
      {
        name: `catch-up: ${events} events in the record, after they were stored`,
        unit: 'events/s',
        ours: recorded,
        limit: null,
      },
    ];
  },
};

/** Events a second that the homeserver replays to something that answers at once. */
async function replayToStub(servers: BenchServers, care: Care, events: number): Promise<number> {
  const said = await sayUnheard(care, events);
  const stub = await ApplicationServiceStub.start(servers.stack.environment.ports['as-ingress']);
  try {
    return await rateOf(events, async () => {
      await wakeHomeserver(servers.stack.environment);
      await until('the replay', () => Promise.resolve(said.every((id) => stub.seen.has(id))), patienceMs);
    });
  } finally {
    await stub.stop();
  }
}

/**
 * The numbers of what the stub took are missing to the bridge, which has the next transaction repeated for that: not what is
 * measured here.
 */
async function hearAgain(servers: BenchServers, { nurse, conversations }: Care): Promise<void> {
  const ingress = servers.stack.bridge['as-ingress'];
  await ingress.start();
  const { eventId } = await nurse.say(conversations[0]!.roomId, randomUUID());
  const isRecorded = async () => (await servers.count('message_link', `event_id = '${eventId}'`)) === 1;
  await until('the first event after the stub', isRecorded, 120_000);
  await ingress.stop();
}

/** Says things in all conversations while nothing listens. */
async function sayUnheard({ nurse, conversations }: Care, events: number): Promise<string[]> {
  const said: string[] = [];
  const bodies = Array.from({ length: events }, () => randomUUID());
  await inLanes(conversations.length, bodies, async (body, lane) => {
    said.push((await nurse.say(conversations[lane]!.roomId, body)).eventId);
  });
  return said;
}

/**
 * What was said to the stub comes into the record as well, since the bridge finds out that it was never told of it: there
 * are more links than were said, and the question for each waits until there are enough.
 * @throws Error when one came twice
 */
async function areRecorded(
  servers: BenchServers,
  said: readonly string[],
  { before, stubEvents }: { before: number; stubEvents: number },
): Promise<boolean> {
  const recorded = (await servers.count('message_link')) - before;
  const tooMany = recorded - said.length - stubEvents;
  if (tooMany > 0) throw new Error(`${tooMany} events too many are in the record`);
  if (recorded < said.length) return false;
  const ids = said.map((id) => `'${id}'`).join(',');
  return (await servers.count('message_link', `event_id IN (${ids})`)) === said.length;
}
