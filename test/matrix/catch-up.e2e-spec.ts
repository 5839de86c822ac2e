import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Communication } from '@medplum/fhirtypes';
import { Client } from 'pg';
import { BRIDGE_APPS } from '../../deploy/local/src/bridge';
import { until } from '../../deploy/local/src/until';
import { eventIdOf } from '../../deploy/local/src/scenario/verify';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { call } from '../support/client-api';

const events = 260;
const limit = 1.2;

let care: CareConversation;
let passed = false;

beforeAll(async () => {
  care = await startCareConversation({ settings: { MATRIX_RESYNC_INTERVAL_MS: '86400000' } });
}, 180_000);

afterAll(async () => {
  await care?.stop(passed ? 'succeeded' : 'failed');
}, 60_000);

/** Says so many things while nothing listens. @returns their event ids, in the order in which they were said */
async function sayUnheard(text: string): Promise<string[]> {
  const { network, thread } = care;
  const said: string[] = [];
  for (let index = 0; index < events; index++) {
    said.push((await network.nurse.matrix.say(thread.roomId, `${text} ${index}`)).eventId);
  }
  return said;
}

async function wakeHomeserver(): Promise<void> {
  const { homeserverUrl, asToken } = care.stack.environment;
  const bridge = { clientUrl: homeserverUrl, account: { accessToken: asToken } };
  await call(bridge, 'POST', '/_matrix/client/v1/appservice/fhir-matrix-bridge/ping', {});
}

/** An application service that answers 200 at once, where the bridge's would be. */
async function startStub(): Promise<{ server: Server; seen: Set<string> }> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      if (!request.url?.includes('/transactions/')) return;
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { events?: { event_id: string }[] };
      for (const { event_id: id } of body.events ?? []) seen.add(id);
    });
  });
  const port = care.stack.environment.ports['as-ingress'];
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, seen };
}

async function measureStub(): Promise<number> {
  const said = await sayUnheard('to the stub');
  const { server, seen } = await startStub();
  const from = performance.now();
  await wakeHomeserver();
  await until('the replay to the stub', () => Promise.resolve(said.every((id) => seen.has(id))), 120_000);
  const took = performance.now() - from;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return took;
}

async function recorded(): Promise<Communication[]> {
  const { network, thread } = care;
  return network.fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${thread.request.id}`,
  });
}

/**
 * Only what the homeserver replays is measured: the comparison at the start would bring the same events without it.
 */
async function leaveOutComparison(): Promise<void> {
  const database = new Client({ connectionString: care.stack.federation.databaseUrl });
  await database.connect();
  await database.query(`UPDATE room_checkpoint SET checked_at = now() + interval '1 hour'`);
  await database.end();
}

/** Resolves as soon as somebody listens there. */
async function untilListening(port: number): Promise<void> {
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  while (!(await answers())) await setTimeout(5);
}

/**
 * The homeserver begins when the ingress listens; who works on what it takes is there before, as with the stub.
 * @returns milliseconds from when the homeserver can deliver until the last is in the record
 */
async function measureBridge(said: readonly string[]): Promise<number> {
  const { stack, network } = care;
  const { 'as-ingress': ingress, ...others } = stack.bridge;
  await Promise.all(Object.values(others).map((each) => each.start()));
  const started = ingress.start();
  await untilListening(stack.environment.ports['as-ingress']);
  const from = performance.now();
  await wakeHomeserver();
  const last = `https://matrix.org/event-id|${said.at(-1)}`;
  await until(
    'the last event in the record',
    async () => (await network.fhir.search('Communication', { identifier: last })).length > 0,
    120_000,
  );
  const took = performance.now() - from;
  await started;
  return took;
}

it(`${events} events that were said while the bridge was down arrive in order, exactly once, in at most ${limit} times what the homeserver needs to replay them to an application service that does nothing`, async () => {
  const { stack } = care;
  await Promise.all(BRIDGE_APPS.map((app) => stack.bridge[app].stop()));
  const stubMs = await measureStub();
  const said = await sayUnheard('to the bridge');
  await leaveOutComparison();
  const bridgeMs = await measureBridge(said);
  const ratio = bridgeMs / stubMs;
  process.stdout.write(
    `\n${events} events: stub ${Math.round(stubMs)} ms, bridge ${Math.round(bridgeMs)} ms, ratio ${ratio.toFixed(2)}\n`,
  );
  const records = (await recorded()).filter((record) => said.includes(eventIdOf(record) ?? ''));
  const inOrder = records
    .sort((a, b) => (a.meta!.lastUpdated! < b.meta!.lastUpdated! ? -1 : 1))
    .map(eventIdOf);
  expect(inOrder).toEqual(said);
  expect(ratio).toBeLessThanOrEqual(limit);
  passed = true;
}, 600_000);
