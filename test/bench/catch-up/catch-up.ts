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
    const replay = await replayToStub(servers, care, Math.ceil(events * stubShare));
    const said = await sayUnheard(care, events);
    const before = await servers.count('message_link', `direction = 'to-fhir'`);
    const arrived = new Set<string>();
    const subscription = servers.nats.subscribe('mapping.*.matrix.m.room.message', {
      callback: (_error, message) => arrived.add(message.json<{ event_id: string }>().event_id),
    });
    await servers.nats.flush();
    // Its start is a figure of its own.
    await ingress.start();
    const stored = await rateOf(events, () =>
      until('all on the queue', () => Promise.resolve(said.every((id) => arrived.has(id))), patienceMs),
    );
    subscription.unsubscribe();
    await until('all in the record', () => isRecorded(servers, before + events), patienceMs);
    return [
      {
        name: `catch-up: ${events} events stored, beside the homeserver's own replay`,
        unit: 'events/s',
        ours: stored,
        limit: replay,
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

/** Says things in all conversations while nothing listens. */
async function sayUnheard({ nurse, conversations }: Care, events: number): Promise<string[]> {
  const said: string[] = [];
  const bodies = Array.from({ length: events }, () => randomUUID());
  await inLanes(conversations.length, bodies, async (body, lane) => {
    said.push((await nurse.say(conversations[lane]!.roomId, body)).eventId);
  });
  return said;
}

/** @throws Error when one came twice */
async function isRecorded(servers: BenchServers, wanted: number): Promise<boolean> {
  const recorded = await servers.count('message_link', `direction = 'to-fhir'`);
  if (recorded > wanted) throw new Error(`${recorded - wanted} events too many are in the record`);
  return recorded === wanted;
}
