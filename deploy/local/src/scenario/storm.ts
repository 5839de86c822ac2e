import type { BridgeApp } from '../bridge';
import { BRIDGE_APPS } from '../bridge';
import { communication } from '../example-data';
import type { Stack } from '../stack';
import { type Thread, recordOf } from './play';

/** What was said while the processes were killed, in order. */
export interface Storm {
  readonly inMatrix: readonly string[];
  readonly inFhir: readonly string[];
  readonly killed: readonly BridgeApp[];
}

/** Messages said on each side while a process is away, and after it is back. */
const messagesPerKill = 4;

/**
 * Step 6: each process of the bridge in turn is killed with SIGKILL and started again while messages flow both ways.
 * Resolves when all of them have come through, as far as one can wait for that; whether each did once and in order
 * is for `compareSides` to say.
 */
export async function killEachProcess(stack: Stack, thread: Thread, prefix = 'storm'): Promise<Storm> {
  const { network, timeline, roomId } = thread;
  const inMatrix: string[] = [];
  const inFhir: string[] = [];
  let lastEvent = '';
  const talk = async (app: string): Promise<void> => {
    await Promise.all([
      eachInTurn(messagesPerKill, async (n) => {
        const body = `${prefix} ${app} matrix ${n}`;
        inMatrix.push(body);
        lastEvent = (await network.gp.matrix.say(roomId, body)).eventId;
      }),
      eachInTurn(messagesPerKill, async (n) => {
        const body = `${prefix} ${app} fhir ${n}`;
        inFhir.push(body);
        await network.fhir.create(
          communication(
            thread.request.id,
            network.patient.id,
            thread.team.id,
            `RelatedPerson/${network.carer.id}`,
            body,
          ),
        );
      }),
    ]);
  };
  for (const app of BRIDGE_APPS) {
    const process = stack.bridge[app];
    const talking = talk(`before ${app}`);
    process.kill('SIGKILL');
    await process.exited;
    await talk(`without ${app}`);
    await process.start();
    await Promise.all([talking, talk(`after ${app}`)]);
    timeline.add({ who: 'Operator', where: 'bridge', what: `${app} was killed and is back` });
  }
  await recordOf(network, lastEvent);
  await network.nurse.matrix.waitForMessage(roomId, inFhir.at(-1)!);
  return { inMatrix, inFhir, killed: BRIDGE_APPS };
}

async function eachInTurn(count: number, act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 1; n <= count; n += 1) await act(n);
}
