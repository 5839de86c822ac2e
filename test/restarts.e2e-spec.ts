import { urlOf } from '../deploy/local/src/bridge';
import { type CareNetwork, setUpNetwork } from '../deploy/local/src/scenario/network';
import { type Stack, startStack } from '../deploy/local/src/stack';
import { openConversations, type Talks } from './chaos/conversations';
import { type HttpAnswer, httpRequest } from './support/http-request';
import { deadLetterKinds, emptyQueues, redeliveries } from './support/queue-evidence';
import { ReplicatedBridge } from './support/replicated-bridge';
import { type Outcome, SteadyTraffic, type SteadyTrafficOptions } from './support/steady-traffic';
import { outcomeOfSteps, step } from './support/step';

/*
 * What an operator does to a running bridge, amid traffic both ways: each of its processes is restarted, two of each app,
 * one after the other; then the NATS server is. Nobody may notice the first, and of the second nothing but the wait.
 */

const rooms = 2;
/** Messages before a process is stopped, and again before it is started. */
const between = 8;
/** What Kubernetes grants between SIGTERM and SIGKILL. */
const graceMs = 30_000;
/** What a process that ended did not give back would wait for this long. */
const ackWaitMs = 20_000;
const settings = {
  NATS_ACK_WAIT_MS: String(ackWaitMs),
  // What a notification did not tell would not be found by the timer.
  FHIR_PULL_INTERVAL_MS: '86400000',
};

let stack: Stack;
let bridge: ReplicatedBridge;
let network: CareNetwork;
let talks: Talks;

beforeAll(async () => {
  stack = await startStack({ homeservers: 'vvt', settings });
  bridge = await ReplicatedBridge.start(stack);
  network = await setUpNetwork(stack);
  talks = await openConversations(network, rooms);
}, 240_000);

afterAll(async () => {
  await network?.stop();
  await bridge?.stop();
  await stack?.stop(outcomeOfSteps());
}, 60_000);

/** @returns what came of all that was said meanwhile; when `act` fails, nobody talks any more */
async function amidTraffic(
  options: SteadyTrafficOptions,
  act: (traffic: SteadyTraffic) => Promise<void>,
): Promise<Outcome> {
  const traffic = new SteadyTraffic(stack, talks, options);
  try {
    await act(traffic);
    return await traffic.end();
  } catch (error) {
    await traffic.quit();
    throw error;
  }
}

/** Nothing lost, nothing twice, and every Room in its order. */
function expectWhole({ verdict }: Outcome): void {
  const { lost, duplicated, disordered, unsaid } = verdict;
  expect({ lost, duplicated, disordered, unsaid }).toEqual({
    lost: [],
    duplicated: [],
    disordered: [],
    unsaid: [],
  });
  expect(verdict.said).toBeGreaterThan(0);
}

describe('a rolling restart of the whole bridge', () => {
  let outcome: Outcome;
  let givenAgain: number;
  const workersStopped = 4;

  /** Whatever is stored and not given out for the first time yet would be missing from the count. */
  async function redeliveriesUpToNow(): Promise<number> {
    await emptyQueues(stack.federation.natsUrl);
    return redeliveries(stack.federation.natsUrl);
  }

  step(
    'ends every process with status 0 in its time',
    async () => {
      const before = await redeliveriesUpToNow();
      outcome = await amidTraffic({ round: 1, ahead: 2 }, async (traffic) => {
        for (const { process } of bridge.replicas) {
          await traffic.said(between);
          const exit = await process.stop(graceMs);
          expect([process.spec.name, exit]).toEqual([process.spec.name, { code: 0, signal: null }]);
          await traffic.said(between);
          await process.start();
        }
        await traffic.said(between);
      });
      givenAgain = (await redeliveriesUpToNow()) - before;
    },
    300_000,
  );

  step('loses nothing, says nothing twice, and keeps the order of every Room', async () => {
    expectWhole(outcome);
    expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
  });

  step('keeps nobody waiting for what a process had that is gone', async () => {
    const tooLong = Object.entries(outcome.longestMs).filter(([, longest]) => longest >= ackWaitMs / 2);
    expect(tooLong).toEqual([]);
  });

  step(
    'has no more given out again than what each worker held: a message of each Room, and a notification',
    async () => {
      expect(givenAgain).toBeLessThanOrEqual(workersStopped * (rooms + 1));
    },
  );
});

describe('a restart of nats-server', () => {
  const transaction = (): Promise<HttpAnswer> => {
    const event = {
      event_id: '$refused',
      room_id: '!refused:care.example',
      sender: '@somebody:care.example',
      type: 'm.room.message',
      origin_server_ts: Date.now(),
      content: { msgtype: 'm.text', body: 'refused' },
    };
    return httpRequest(urlOf('as-ingress', stack.environment), {
      method: 'PUT',
      target: '/_matrix/app/v1/transactions/refused',
      headers: { authorization: `Bearer ${stack.environment.hsToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [event] }),
    });
  };

  const notification = (): Promise<HttpAnswer> =>
    httpRequest(stack.notifyUrl, {
      method: 'POST',
      target: new URL(stack.notifyUrl).pathname,
      headers: { authorization: `Bearer ${stack.environment.notificationSecret}` },
    });

  step(
    'is told by both ingresses to whoever sends, and everything else waits',
    async () => {
      const nats = stack.federation.natsProcess!;
      const processes = bridge.replicas.map(({ process }) => process.pid);
      let refusals: readonly HttpAnswer[] = [];
      const outcome = await amidTraffic({ round: 2 }, async (traffic) => {
        await traffic.said(2 * between);
        await nats.stop();
        refusals = await Promise.all([transaction(), notification()]);
        await traffic.said(2 * between);
        await nats.start();
        await traffic.said(2 * between);
      });

      const [toMatrix, toFhir] = refusals as [HttpAnswer, HttpAnswer];
      expect([toMatrix.status, toMatrix.json()]).toMatchObject([503, { errcode: 'M_LIMIT_EXCEEDED' }]);
      expect([toFhir.status, toFhir.json()]).toMatchObject([
        503,
        { resourceType: 'OperationOutcome', issue: [{ code: 'transient' }] },
      ]);
      for (const { headers } of refusals) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expectWhole(outcome);
      expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
      expect(bridge.replicas.map(({ process }) => process.pid)).toEqual(processes);
    },
    300_000,
  );
});
