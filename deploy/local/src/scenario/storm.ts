import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { BRIDGE_APPS, type BridgeApp } from '../bridge';
import { communication } from '../example-data';
import type { Stack } from '../stack';
import { type Thread, recordOf } from './play';

/** What was said while the processes were killed, in order. */
export interface Storm {
  readonly inMatrix: readonly string[];
  readonly inFhir: readonly string[];
  readonly killed: readonly BridgeApp[];
}

/** Milliseconds between two messages of one side: about what the homeserver can take from one client. */
const paceMs = 100;
/** Messages on each side while a process is away, and again after it is back. */
const messagesPerPhase = 4;

/**
 * Step 6: each process of the bridge in turn is killed with SIGKILL and started again while messages flow both ways.
 * Resolves when the last of each side has come through; whether each did once and in order is for `compareSides` to say.
 */
export async function killEachProcess(stack: Stack, thread: Thread): Promise<Storm> {
  const { network, timeline, roomId, request, team } = thread;
  const { fhir, gp, patient, carer, nurse } = network;
  let lastEvent = '';
  const matrix = new Talker('matrix', async (body) => {
    lastEvent = (await gp.matrix.say(roomId, body)).eventId;
  });
  const record = new Talker('fhir', async (body) => {
    await fhir.create(communication(request.id, patient.id, team.id, `RelatedPerson/${carer.id}`, body));
  });
  for (const app of BRIDGE_APPS) {
    const process = stack.bridge[app];
    await Promise.all([matrix.said(messagesPerPhase), record.said(messagesPerPhase)]);
    process.kill('SIGKILL');
    await process.exited;
    await Promise.all([matrix.said(messagesPerPhase), record.said(messagesPerPhase)]);
    await process.start();
    timeline.add({ who: 'Operator', where: 'bridge', what: `killed ${app} and started it again` });
  }
  await Promise.all([matrix.said(messagesPerPhase), record.said(messagesPerPhase)]);
  const [inMatrix, inFhir] = await Promise.all([matrix.stop(), record.stop()]);
  // One by one: however many are behind, as long as they keep coming.
  for (const body of inFhir) await nurse.matrix.waitForMessage(roomId, body);
  await recordOf(network, lastEvent);
  return { inMatrix, inFhir, killed: BRIDGE_APPS };
}

/** Says one message after the other, until it is stopped. */
class Talker {
  private readonly bodies: string[] = [];
  private readonly stopped = new AbortController();
  private readonly news = new EventEmitter();
  private readonly talking: Promise<void>;

  constructor(side: string, say: (body: string) => Promise<void>) {
    this.talking = this.talk(side, say);
  }

  /** Resolves after so many more messages; rejects when talking fails. */
  async said(count: number): Promise<void> {
    const enough = this.bodies.length + count;
    const reached = (async () => {
      while (this.bodies.length < enough) await once(this.news, 'said');
    })();
    await Promise.race([reached, this.talking]);
  }

  async stop(): Promise<readonly string[]> {
    this.stopped.abort();
    await this.talking;
    return this.bodies;
  }

  private async talk(side: string, say: (body: string) => Promise<void>): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const body = `storm ${side} ${this.bodies.length + 1}`;
      await say(body);
      this.bodies.push(body);
      this.news.emit('said');
      await setTimeout(paceMs);
    }
  }
}
