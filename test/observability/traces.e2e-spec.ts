import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type StoredMsg } from 'nats';
import { type BridgeApp, urlOf } from '../../deploy/local/src/bridge';
import { projectRoot } from '../../deploy/local/src/project-root';
import { sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { lookAt } from '../support/canary';
import { queryDatabase } from '../support/database';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver';
import { emptyQueues } from '../support/queue-evidence';
import { until } from '../support/until';

/*
 * One trace from where something was said to where it is shown, over retries, a dead letter and its replay. The faults are
 * the database's: it refuses a row so and so often.
 */

jest.setTimeout(90_000);

/** What an unforeseen error gets before it is given up. */
const deliveries = 5;

let receiver: OtlpReceiver;
let care: CareConversation;

beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  care = await startCareConversation({
    homeservers: 'vvt',
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      // Whatever is pulled from here on, a notification has asked for.
      FHIR_PULL_INTERVAL_MS: '86400000',
    },
  });
  // A message is seen before it is counted.
  await emptyQueues(care.stack.federation.natsUrl);
}, 120_000);

afterAll(async () => {
  await care?.stop();
  await receiver?.stop();
}, 30_000);

/** The next so many rows that a table is given are refused. A sequence, as it counts what is rolled back too. */
async function refuseRows(table: string, when: string, times: number): Promise<void> {
  const { databaseUrl } = care.stack.federation;
  for (const statement of [
    `CREATE SEQUENCE refused_${table}`,
    `CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF nextval('refused_${table}') <= ${times} THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$`,
    `CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION refuse_${table}()`,
  ])
    await queryDatabase(databaseUrl, statement);
}

async function deadLetter(): Promise<StoredMsg> {
  const connection = await connect({ servers: care.stack.federation.natsUrl });
  try {
    const manager = await connection.jetstreamManager();
    return await until('a dead letter', () =>
      manager.streams.getMessage('DEAD_LETTERS', { seq: 1 }).catch(() => undefined),
    );
  } finally {
    await connection.close();
  }
}

/** As an operator does it. */
async function replayAll(): Promise<void> {
  const { federation, environment, fhir } = care.stack;
  const program = join(projectRoot(), 'dist/apps/cli/src/main.js');
  await promisify(execFile)(process.execPath, [program, 'dead-letters', 'replay', '--all'], {
    env: {
      PATH: process.env.PATH,
      NATS_URL: federation.natsUrl,
      DATABASE_URL: federation.databaseUrl,
      MATRIX_SERVER_NAME: environment.serverName,
      FHIR_BASE_URL: fhir.baseUrl,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    },
  });
}

const by = (app: BridgeApp | 'cli', kind: string, name: string, attributes: object = {}) =>
  expect.objectContaining({
    service: `fhir-matrix-bridge/${app}`,
    kind,
    name,
    attributes: expect.objectContaining(attributes) as object,
  }) as ReceivedSpan;

const handling = (app: BridgeApp, stream: string, kind: string, attempts: number, outcome: string) =>
  by(app, 'consumer', `process ${stream}`, {
    'bridge.kind': kind,
    'bridge.attempts': attempts,
    'bridge.outcome': outcome,
  });

const matches = (span: ReceivedSpan, wanted: ReceivedSpan): boolean =>
  (wanted as unknown as { asymmetricMatch(other: unknown): boolean }).asymmetricMatch(span);

/** Waits for a span; resolves with all of its trace, of which nothing may be missing in between. */
async function traceWith(wanted: ReceivedSpan, among = () => receiver.spans): Promise<ReceivedSpan[]> {
  return until('the trace', () => {
    const span = among().find((each) => matches(each, wanted));
    if (!span) return undefined;
    const whole = receiver.ofTrace(span.traceId);
    const ids = new Set(whole.map(({ spanId }) => spanId));
    return whole.every(({ parent }) => parent === '' || ids.has(parent)) && whole;
  });
}

async function secondsCounted(app: BridgeApp, direction: string): Promise<{ count: number; sum: number }> {
  const text = await (await fetch(`${urlOf(app, care.stack.environment)}/metrics`)).text();
  const value = (name: string): number => {
    const line = `bridge_end_to_end_seconds_${name}{direction="${direction}"} `;
    return Number(
      text
        .split('\n')
        .find((each) => each.startsWith(line))
        ?.slice(line.length) ?? 0,
    );
  };
  return { count: value('count'), sum: value('sum') };
}

it('what is written in FHIR has one trace from the notification to the message, over five tries, a dead letter and its replay', async () => {
  const before = await secondsCounted('room-manager', 'to-matrix');
  await refuseRows('message_link', "NEW.direction = 'to-matrix'", deliveries);
  const { nurse } = care.network;
  const shown = writeInFhir(care.thread, 'She fell last night.', undefined, [nurse]);
  const letter = await deadLetter();
  const replayedAt = Date.now();
  await replayAll();
  await shown;

  const traceId = letter.header.get('traceparent').slice(3, 35);
  const trace = await traceWith(by('room-manager', 'client', matrixSend), () => receiver.ofTrace(traceId));
  const tries = Array.from({ length: deliveries - 1 }, (_, index) =>
    handling('room-manager', 'ROOMS', 'command.send-message', index + 1, 'retried'),
  );
  expect(trace).toEqual(
    expect.arrayContaining([
      by('fhir-ingress', 'server', 'POST /notify/:source/:last', { 'http.response.status_code': 204 }),
      by('fhir-ingress', 'producer', 'send MAPPING', { 'bridge.kind': 'fhir.pull' }),
      handling('fhir-mapper', 'MAPPING', 'fhir.pull', 1, 'done'),
      by('fhir-mapper', 'client', 'GET /Communication', { 'http.response.status_code': 200 }),
      by('fhir-mapper', 'producer', 'send MAPPING', { 'bridge.kind': 'fhir.changed' }),
      handling('fhir-mapper', 'MAPPING', 'fhir.changed', 1, 'done'),
      by('fhir-mapper', 'producer', 'send ROOMS', { 'bridge.kind': 'command.send-message' }),
      ...tries,
      handling('room-manager', 'ROOMS', 'command.send-message', deliveries, 'dead-letter'),
      by('room-manager', 'producer', 'send DEAD_LETTERS', { 'bridge.kind': 'command.send-message' }),
      by('cli', 'internal', 'replay a dead letter'),
      by('cli', 'producer', 'send ROOMS', { 'bridge.kind': 'command.send-message' }),
      handling('room-manager', 'ROOMS', 'command.send-message', 1, 'done'),
      by('room-manager', 'client', matrixSend, { 'http.response.status_code': 200 }),
    ]),
  );
  const failed = trace.filter(({ kind, failed }) => kind === 'consumer' && failed);
  expect(failed.map(({ attributes }) => attributes['error.type'])).toEqual(
    Array.from({ length: deliveries }, () => 'unexpected'),
  );

  const { count, sum } = await secondsCounted('room-manager', 'to-matrix');
  expect(count).toBe(before.count + 1);
  // From the notification on, by the clock of fhir-ingress.
  const takenAt = Number(letter.header.get('Bridge-Taken-At'));
  expect(sum - before.sum).toBeGreaterThanOrEqual((replayedAt - takenAt) / 1000);
  expect(replayedAt - takenAt).toBeGreaterThan(0);
});

it('what is said in Matrix has one trace from the transaction to the record, over retries', async () => {
  const before = await secondsCounted('fhir-mapper', 'to-fhir');
  await refuseRows('handled_event', 'true', 2);
  await sayInMatrix(care.thread, care.network.gp, 'I will look after her.');

  const trace = await traceWith(handling('fhir-mapper', 'MAPPING', 'matrix.m.room.message', 3, 'done'));
  expect(trace).toEqual(
    expect.arrayContaining([
      by('as-ingress', 'server', 'PUT /_matrix/app/v1/transactions/*', { 'http.response.status_code': 200 }),
      by('as-ingress', 'producer', 'send MAPPING', { 'bridge.kind': 'matrix.m.room.message' }),
      handling('fhir-mapper', 'MAPPING', 'matrix.m.room.message', 1, 'retried'),
      handling('fhir-mapper', 'MAPPING', 'matrix.m.room.message', 2, 'retried'),
      by('fhir-mapper', 'client', 'POST /Communication', { 'http.response.status_code': 201 }),
    ]),
  );
  expect(trace.filter(({ parent }) => parent === '')).toHaveLength(1);
  const { count } = await secondsCounted('fhir-mapper', 'to-fhir');
  expect(count).toBeGreaterThan(before.count);
});

it('nothing about a person is in any span', async () => {
  const { network, thread } = care;
  const { nurse, gp, pharmacist, patient, carer } = network;
  const people = [nurse, gp, pharmacist];
  const canaries = [
    ...['She fell last night.', 'I will look after her.', 'How is she today?'],
    ...people.flatMap(({ name, matrix, resource }) => [name, matrix.userId, resource.id]),
    ...[patient.id, carer.id, thread.team.id, thread.request.id, thread.roomId, thread.spaceId],
    ...[patient, carer].flatMap(({ name }) => [name?.[0]?.family ?? '', ...(name?.[0]?.given ?? [])]),
    ...[care.stack.environment.asToken, care.stack.environment.notificationSecret],
  ].filter((canary) => canary !== '');
  const spans = { name: 'spans', read: async () => receiver.bodies, atLeast: 10 };
  const { problems, bytes } = await lookAt(spans, canaries);
  expect(problems).toEqual([]);
  expect(bytes).toBeGreaterThan(10_000);
  expect(canaries.length).toBeGreaterThan(20);
});

const matrixSend = 'PUT /_matrix/client/v3/rooms/{}/send/m.room.message/{}';
