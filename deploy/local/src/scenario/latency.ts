import { randomUUID } from 'node:crypto';
import { eventIdSystem, eventIdentifier } from '../event-identifier';
import { communication } from '../example-data';
import { type Thread, recordOf } from './play';

/** Milliseconds, p50, measured in one run. `bare`: what the servers alone take for the same. */
export interface Latency {
  readonly direction: string;
  readonly bridged: number;
  readonly bare: number;
}

const samples = 20;
const warmUps = 3;

/**
 * Measures both directions, one message after the other, and in turn with what the servers alone take for the same:
 * - FHIR → Matrix: from the POST of a Communication until a local client sees the event; bare: a POST of a Communication
 *   that is not sent on, plus a message between two local clients in a room that the bridge does not know.
 * - Matrix → FHIR: from the send until the Communication can be read; bare: a send in that room, plus a conditional
 *   POST until the resource can be read by its identifier.
 */
export async function measureLatency(thread: Thread): Promise<Latency[]> {
  const bareRoom = await openBareRoom(thread);
  const measures = {
    toMatrix: () => fhirToMatrix(thread),
    toFhir: () => matrixToFhir(thread),
    barePost: () => timed(() => bareCommunication(thread, randomUUID())),
    bareSeen: () => bareMatrix(thread, bareRoom),
    bareSend: () => timed(() => thread.network.physiotherapist.matrix.say(bareRoom, randomUUID())),
    bareRecord: () => bareRecorded(thread),
  };
  const values = new Map(Object.keys(measures).map((name) => [name, [] as number[]]));
  for (let n = 0; n < warmUps + samples; n += 1) {
    for (const [name, measure] of Object.entries(measures)) {
      const value = await measure();
      if (n >= warmUps) values.get(name)!.push(value);
    }
  }
  const p50 = (name: keyof typeof measures): number =>
    values.get(name)!.sort((a, b) => a - b)[Math.floor(samples / 2)]!;
  return [
    {
      direction: 'FHIR POST → event seen by a local client',
      bridged: p50('toMatrix'),
      bare: p50('barePost') + p50('bareSeen'),
    },
    {
      direction: 'Matrix send → Communication readable',
      bridged: p50('toFhir'),
      bare: p50('bareSend') + p50('bareRecord'),
    },
  ];
}

async function openBareRoom({ network: { nurse, physiotherapist } }: Thread): Promise<string> {
  const roomId = await physiotherapist.matrix.createRoom([nurse.matrix.userId]);
  await nurse.matrix.accept(roomId);
  return roomId;
}

async function fhirToMatrix({ network, request, team, roomId }: Thread): Promise<number> {
  const body = `latency ${randomUUID()}`;
  const from = performance.now();
  const carer = `RelatedPerson/${network.carer.id}`;
  await network.fhir.create(communication(request.id, network.patient.id, team.id, carer, body));
  return (await network.nurse.matrix.waitForMessage(roomId, body)).seenAt - from;
}

async function matrixToFhir({ network, roomId }: Thread): Promise<number> {
  const { eventId, saidAt } = await network.nurse.matrix.say(roomId, `latency ${randomUUID()}`);
  await recordOf(network, eventId);
  return performance.now() - saidAt;
}

async function bareMatrix({ network }: Thread, roomId: string): Promise<number> {
  const body = `bare ${randomUUID()}`;
  const { saidAt } = await network.physiotherapist.matrix.say(roomId, body);
  return (await network.nurse.matrix.waitForMessage(roomId, body)).seenAt - saidAt;
}

async function bareRecorded(thread: Thread): Promise<number> {
  const eventId = `$bare-${randomUUID()}`;
  return timed(async () => {
    await bareCommunication(thread, eventId);
    await recordOf(thread.network, eventId);
  });
}

/** A Communication that nobody bridges: it says that it came from Matrix already. */
async function bareCommunication({ network, request, team }: Thread, eventId: string): Promise<void> {
  const written = communication(
    request.id,
    network.patient.id,
    team.id,
    `RelatedPerson/${network.carer.id}`,
    'bare',
  );
  await network.fhir.create(
    { ...written, partOf: undefined, identifier: [{ system: eventIdSystem, value: eventId }] },
    { 'if-none-exist': `identifier=${encodeURIComponent(eventIdentifier(eventId))}` },
  );
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}
