import { randomUUID } from 'node:crypto';
import { eventIdentifier } from '../../../deploy/local/src/event-identifier';
import { MatrixUser } from '../../../deploy/local/src/matrix-user';
import { until } from '../../../deploy/local/src/until';
import type { Bench } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import type { Care } from '../care';
import { millisecondsOf } from '../measure/rounds';
import { percentile } from '../measure/statistics';
import type { Figure } from '../report/result';
import { BareServers, writtenIn } from './bare-servers';

const samplesPerRound = 20;
const warmUps = 5;

interface Scene {
  readonly servers: BenchServers;
  readonly care: Care;
  readonly bare: BareServers;
  /** A member who sees what is said. */
  readonly reader: MatrixUser;
}

/** From the POST of a Communication until a local client sees the event; alone: the same POST, then a bare PUT. */
export async function latencyToMatrix(bench: Bench): Promise<Figure[]> {
  return measure(bench, 'FHIR → Matrix', {
    bridged: async ({ servers, care, reader }) => {
      const [conversation] = care.conversations;
      const body = randomUUID();
      await servers.fhir.create(writtenIn(conversation!, conversation!.carer, body));
      await reader.waitForMessage(conversation!.roomId, body);
    },
    alone: async ({ care, bare, reader }) => {
      const [conversation] = care.conversations;
      const body = randomUUID();
      await bare.recordMessage(conversation!, care.nurseReference, `$bare-${body}`, body);
      await bare.say(conversation!, body);
      await reader.waitForMessage(conversation!.roomId, body);
    },
  });
}

/** From the send until the Communication can be read; alone: the same send, then a bare conditional POST and the reading. */
export async function latencyToFhir(bench: Bench): Promise<Figure[]> {
  return measure(bench, 'Matrix → FHIR', {
    bridged: async ({ servers, care, reader }) => {
      const { eventId } = await reader.say(care.conversations[0]!.roomId, randomUUID());
      await readable(servers, eventId);
    },
    alone: async ({ servers, care, bare, reader }) => {
      const [conversation] = care.conversations;
      const { eventId } = await reader.say(conversation!.roomId, randomUUID());
      // Not the event's own id: the bridge finds the event in its queue later, and records it itself.
      await bare.recordMessage(conversation!, care.nurseReference, `${eventId}-bare`, randomUUID());
      await readable(servers, `${eventId}-bare`);
    },
  });
}

async function readable({ fhir }: BenchServers, eventId: string): Promise<void> {
  const identifier = eventIdentifier(eventId);
  await until('the record', async () => (await fhir.search('Communication', { identifier })).length > 0);
}

/** One message after the other, with the bridge and without it in turn, each when nothing of the one before is left to do. */
async function measure(
  { rounds, servers: start }: Bench,
  direction: string,
  ways: Record<'bridged' | 'alone', (scene: Scene) => Promise<void>>,
): Promise<Figure[]> {
  const servers = await start();
  const care = await servers.care();
  const bare = new BareServers(servers, 1);
  const reader = new MatrixUser(care.nurse.clientUrl, care.nurse.account);
  await reader.start();
  const scene = { servers, care, bare, reader };
  const bridged: number[] = [];
  const alone: number[] = [];
  try {
    await servers.quiet();
    for (let sample = -warmUps; sample < rounds * samplesPerRound; sample++) {
      await servers.queuesEmpty();
      const withBridge = await millisecondsOf(() => ways.bridged(scene));
      await servers.queuesEmpty();
      const without = await servers.withoutBridge(() => millisecondsOf(() => ways.alone(scene)));
      if (sample < 0) continue;
      bridged.push(withBridge);
      alone.push(without);
    }
  } finally {
    await Promise.all([reader.stop(), bare.close()]);
  }
  return [
    { share: 0.5, name: 'p50', bound: 10 },
    { share: 0.99, name: 'p99', bound: 50 },
  ].map(({ share, name, bound }) => ({
    name: `${direction}: ${name} of one message, beside the servers alone`,
    unit: 'ms',
    ours: percentile(bridged, share),
    limit: percentile(alone, share),
    goal: { kind: 'added at most', bound },
  }));
}
